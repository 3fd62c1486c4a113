"""The checker: could a person, starting at any instant, get a touch that the policy refuses?"""
