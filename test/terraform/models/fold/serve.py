print("tests of what is deployed run nothing")
