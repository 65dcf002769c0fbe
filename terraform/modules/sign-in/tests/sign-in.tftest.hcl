variables {
  prefix  = "slipway"
  project = "my-project"
}

run "lets_nobody_sign_in_but_by_a_token_of_the_api" {
  command = plan

  assert {
    condition = alltrue([
      google_identity_platform_config.this[0].sign_in[0].anonymous[0].enabled == false,
      google_identity_platform_config.this[0].sign_in[0].email[0].enabled == false,
      google_identity_platform_config.this[0].sign_in[0].phone_number[0].enabled == false,
    ])
    error_message = "Somebody could sign in by another way."
  }
}

run "gives_a_key_for_signing_in_and_listening_and_nothing_else" {
  command = plan

  assert {
    condition     = toset([for target in google_apikeys_key.web.restrictions[0].api_targets : target.service]) == toset(["firestore.googleapis.com", "identitytoolkit.googleapis.com", "securetoken.googleapis.com"])
    error_message = "The key is good for other APIs, or for too few."
  }

  assert {
    condition     = google_apikeys_key.web.name == "slipway-web-1" && length(google_apikeys_key.web.restrictions[0].browser_key_restrictions) == 0
    error_message = "The key is called otherwise, or is for pages alone."
  }
}

run "ties_the_key_to_the_pages_named" {
  command = plan

  variables {
    referrers = ["https://app.example.com/*"]
  }

  assert {
    condition     = google_apikeys_key.web.restrictions[0].browser_key_restrictions[0].allowed_referrers == tolist(["https://app.example.com/*"])
    error_message = "Other pages can use the key."
  }
}

run "leaves_alone_what_the_project_has_already" {
  command = plan

  variables {
    is_existing = true
  }

  assert {
    condition     = length(google_identity_platform_config.this) == 0
    error_message = "It would change how others sign in."
  }
}

run "makes_another_key_under_another_name" {
  command = plan

  variables {
    key_generation = 2
  }

  assert {
    condition     = google_apikeys_key.web.name == "slipway-web-2"
    error_message = "The old name is taken for 30 days."
  }
}

run "refuses_a_generation_below_the_first" {
  command = plan

  variables {
    key_generation = 0
  }

  expect_failures = [var.key_generation]
}

run "refuses_what_is_no_address_of_a_page" {
  command = plan

  variables {
    referrers = ["https://app.example.com and others"]
  }

  expect_failures = [var.referrers]
}
