terraform {
  required_version = ">= 1.11"

  # npm run deploy tells the bucket: <project>-<prefix>-state.
  backend "gcs" {}
}

provider "google" {
  project        = var.project
  default_labels = { app = "slipway", deployment = var.prefix }

  # Quotas of the project that is deployed to, also for those APIs that would count on the one of whoever signed in.
  billing_project       = var.project
  user_project_override = true
}

provider "google-beta" {
  project               = var.project
  billing_project       = var.project
  user_project_override = true
}
