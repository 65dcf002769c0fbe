locals {
  criteria = var.topic != null ? [
    { attribute = "type", value = "google.cloud.pubsub.topic.v1.messagePublished", operator = null },
    ] : [
    { attribute = "type", value = "google.cloud.firestore.document.v1.created", operator = null },
    { attribute = "database", value = var.document.database, operator = null },
    # Without the operator a pattern is taken for a name, and the trigger matches nothing and says nothing.
    { attribute = "document", value = var.document.path, operator = "match-path-pattern" },
  ]
}

# Eventarc cannot change what a trigger matches, so another one is made. A trigger on a database that was deleted stays, and is
# deaf to the one that is made anew under its name.
resource "terraform_data" "criteria" {
  input = { criteria = local.criteria, database = try(var.document.database_uid, null) }
}

resource "google_eventarc_trigger" "this" {
  project         = var.project
  name            = "${var.prefix}-${var.name}"
  location        = var.topic != null ? var.service.region : var.document.location
  service_account = var.account

  dynamic "matching_criteria" {
    for_each = local.criteria

    content {
      attribute = matching_criteria.value.attribute
      value     = matching_criteria.value.value
      operator  = matching_criteria.value.operator
    }
  }

  # JSON is what is sent unless told otherwise, and only of documents.
  event_data_content_type = var.topic != null ? null : "application/protobuf"

  destination {
    cloud_run_service {
      service = var.service.name
      region  = var.service.region
    }
  }

  dynamic "transport" {
    for_each = var.topic != null ? [var.topic] : []

    content {
      pubsub {
        topic = transport.value
      }
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.criteria]
  }
}
