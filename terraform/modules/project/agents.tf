locals {
  # Google makes these accounts when they are first needed, which is too late for a first apply: what needs them fails meanwhile.
  agents = {
    build = {
      service = "cloudbuild.googleapis.com"
      domain  = "gcp-sa-cloudbuild"
      role    = "roles/cloudbuild.serviceAgent"
    }
    eventarc = {
      service = "eventarc.googleapis.com"
      domain  = "gcp-sa-eventarc"
      role    = "roles/eventarc.serviceAgent"
    }
    pubsub = {
      service = "pubsub.googleapis.com"
      domain  = "gcp-sa-pubsub"
      role    = "roles/pubsub.serviceAgent"
    }
    run = {
      service = "run.googleapis.com"
      domain  = "serverless-robot-prod"
      role    = "roles/run.serviceAgent"
    }
    scheduler = {
      service = "cloudscheduler.googleapis.com"
      domain  = "gcp-sa-cloudscheduler"
      role    = "roles/cloudscheduler.serviceAgent"
    }
  }
  # By Google's rule for them, and not as google_project_service_identity answers, which is known after the apply only.
  members = {
    for name, agent in local.agents :
    name => "serviceAccount:service-${data.google_project.this.number}@${agent.domain}.iam.gserviceaccount.com"
  }
}

# Read while planning: a number that never changes, of a project that is there. Without it every address of a function would be
# unknown in the first plan. Whoever deploys has Cloud Resource Manager's API enabled before.
data "google_project" "this" {
  project_id = var.project
}

resource "google_project_service_identity" "this" {
  provider = google-beta
  for_each = local.agents

  project = var.project
  service = google_project_service.this[each.value.service].service
}
