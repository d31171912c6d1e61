""" Contains all the data models used in inputs/outputs """

from .adjustment_in import AdjustmentIn
from .attempt_out import AttemptOut
from .branding_change import BrandingChange
from .branding_out import BrandingOut
from .campaign_change import CampaignChange
from .campaign_change_identifier_type_0 import CampaignChangeIdentifierType0
from .campaign_in import CampaignIn
from .campaign_in_identifier_type_0 import CampaignInIdentifierType0
from .campaign_in_publication import CampaignInPublication
from .campaign_in_purpose import CampaignInPurpose
from .campaign_invitation_in import CampaignInvitationIn
from .campaign_invitations_in import CampaignInvitationsIn
from .campaign_invitations_out import CampaignInvitationsOut
from .campaign_list_out import CampaignListOut
from .campaign_out import CampaignOut
from .campaign_out_identifier import CampaignOutIdentifier
from .campaign_out_publication import CampaignOutPublication
from .campaign_out_purpose import CampaignOutPurpose
from .campaign_out_state import CampaignOutState
from .campaign_progress_out import CampaignProgressOut
from .change_out import ChangeOut
from .client_change import ClientChange
from .client_in import ClientIn
from .client_in_mode import ClientInMode
from .client_list_out import ClientListOut
from .client_out import ClientOut
from .client_out_method import ClientOutMethod
from .client_out_mode import ClientOutMode
from .client_with_secret_out import ClientWithSecretOut
from .client_with_secret_out_method import ClientWithSecretOutMethod
from .client_with_secret_out_mode import ClientWithSecretOutMode
from .clock_in import ClockIn
from .clock_out import ClockOut
from .cohort_change import CohortChange
from .cohort_in import CohortIn
from .cohort_list_out import CohortListOut
from .cohort_members_in import CohortMembersIn
from .cohort_members_out import CohortMembersOut
from .cohort_out import CohortOut
from .comparison_out import ComparisonOut
from .create_token_token_form import CreateTokenTokenForm
from .delivery_domain_out import DeliveryDomainOut
from .delivery_domain_out_flag import DeliveryDomainOutFlag
from .delivery_domain_out_state import DeliveryDomainOutState
from .delivery_list_out import DeliveryListOut
from .delivery_measurement_out import DeliveryMeasurementOut
from .delivery_out import DeliveryOut
from .delivery_out_state import DeliveryOutState
from .design_out import DesignOut
from .design_out_purpose import DesignOutPurpose
from .document_out import DocumentOut
from .domain_mean_out import DomainMeanOut
from .domain_mean_out_standing_type_0 import DomainMeanOutStandingType0
from .enrolled_list_out import EnrolledListOut
from .enrolled_out import EnrolledOut
from .enrolled_out_stage import EnrolledOutStage
from .erasure_out import ErasureOut
from .export_in import ExportIn
from .export_in_format import ExportInFormat
from .export_in_what import ExportInWhat
from .export_list_out import ExportListOut
from .export_out import ExportOut
from .export_out_format import ExportOutFormat
from .export_out_status import ExportOutStatus
from .export_out_what import ExportOutWhat
from .fault_out import FaultOut
from .feedback_out import FeedbackOut
from .group_out import GroupOut
from .identity_in import IdentityIn
from .identity_out import IdentityOut
from .import_learners_body import ImportLearnersBody
from .import_out import ImportOut
from .institution_change import InstitutionChange
from .institution_list_out import InstitutionListOut
from .institution_out import InstitutionOut
from .institution_out_mode import InstitutionOutMode
from .institution_out_quotas import InstitutionOutQuotas
from .introspect_token_held_token_form import IntrospectTokenHeldTokenForm
from .introspection_out import IntrospectionOut
from .invitation_in import InvitationIn
from .invitation_link_out import InvitationLinkOut
from .invitation_list_out import InvitationListOut
from .invitation_out import InvitationOut
from .invitation_with_link_out import InvitationWithLinkOut
from .item_out import ItemOut
from .item_out_interaction import ItemOutInteraction
from .jwks_in import JwksIn
from .jwks_in_keys_item import JwksInKeysItem
from .jwks_out import JwksOut
from .jwks_out_keys_item import JwksOutKeysItem
from .key_in import KeyIn
from .key_in_mode import KeyInMode
from .key_list_out import KeyListOut
from .key_out import KeyOut
from .key_out_mode import KeyOutMode
from .key_with_secret_out import KeyWithSecretOut
from .key_with_secret_out_mode import KeyWithSecretOutMode
from .launch_in import LaunchIn
from .launch_in_lang_type_0 import LaunchInLangType0
from .launch_in_theme_type_0 import LaunchInThemeType0
from .launch_out import LaunchOut
from .learner_change import LearnerChange
from .learner_export_out import LearnerExportOut
from .learner_export_out_campaigns_item import LearnerExportOutCampaignsItem
from .learner_export_out_cohorts_item import LearnerExportOutCohortsItem
from .learner_export_out_learner import LearnerExportOutLearner
from .learner_export_out_sittings_item import LearnerExportOutSittingsItem
from .learner_in import LearnerIn
from .learner_list_out import LearnerListOut
from .learner_out import LearnerOut
from .level_out import LevelOut
from .level_probability_out import LevelProbabilityOut
from .level_share_out import LevelShareOut
from .levels_out import LevelsOut
from .list_sittings_status_type_0 import ListSittingsStatusType0
from .member_list_out import MemberListOut
from .member_out import MemberOut
from .metadata_out import MetadataOut
from .option_out import OptionOut
from .part_out import PartOut
from .platform_change import PlatformChange
from .platform_in import PlatformIn
from .platform_list_out import PlatformListOut
from .platform_out import PlatformOut
from .problem_out import ProblemOut
from .progress_out import ProgressOut
from .published_out import PublishedOut
from .published_result_out import PublishedResultOut
from .published_result_out_purpose import PublishedResultOutPurpose
from .question_out import QuestionOut
from .read_import_template_format import ReadImportTemplateFormat
from .registration_link_out import RegistrationLinkOut
from .release_out import ReleaseOut
from .reply_out import ReplyOut
from .reply_out_outcome import ReplyOutOutcome
from .reporting_domain_out import ReportingDomainOut
from .reporting_domain_out_flag_type_0 import ReportingDomainOutFlagType0
from .reporting_domain_out_state import ReportingDomainOutState
from .reporting_measurement_out import ReportingMeasurementOut
from .response_in import ResponseIn
from .response_in_response_type_0 import ResponseInResponseType0
from .result_list_out import ResultListOut
from .result_out import ResultOut
from .retake_rule import RetakeRule
from .retention_change import RetentionChange
from .retention_list_out import RetentionListOut
from .retention_out import RetentionOut
from .retention_out_data_class import RetentionOutDataClass
from .revoke_token_held_token_form import RevokeTokenHeldTokenForm
from .role import Role
from .rotated_key_out import RotatedKeyOut
from .rotated_key_out_mode import RotatedKeyOutMode
from .row_fault_out import RowFaultOut
from .scope import Scope
from .sitting_in import SittingIn
from .sitting_list_out import SittingListOut
from .sitting_of_learner_out import SittingOfLearnerOut
from .sitting_of_learner_out_status import SittingOfLearnerOutStatus
from .sitting_out import SittingOut
from .sitting_out_status import SittingOutStatus
from .sitting_row_out import SittingRowOut
from .sitting_row_out_status import SittingRowOutStatus
from .statistics_out import StatisticsOut
from .test_learner_in import TestLearnerIn
from .test_learner_in_behaviour import TestLearnerInBehaviour
from .test_run_out import TestRunOut
from .test_run_out_status import TestRunOutStatus
from .token_error_out import TokenErrorOut
from .token_error_out_error import TokenErrorOutError
from .token_out import TokenOut
from .tool_out import ToolOut
from .tool_out_custom_parameters import ToolOutCustomParameters
from .webhook_change import WebhookChange
from .webhook_change_events_type_0_item import WebhookChangeEventsType0Item
from .webhook_in import WebhookIn
from .webhook_in_events_item import WebhookInEventsItem
from .webhook_list_out import WebhookListOut
from .webhook_out import WebhookOut
from .webhook_out_disabled_reason_type_0 import WebhookOutDisabledReasonType0
from .webhook_with_secret_out import WebhookWithSecretOut
from .webhook_with_secret_out_disabled_reason_type_0 import WebhookWithSecretOutDisabledReasonType0
from .zone_out import ZoneOut

__all__ = (
    "AdjustmentIn",
    "AttemptOut",
    "BrandingChange",
    "BrandingOut",
    "CampaignChange",
    "CampaignChangeIdentifierType0",
    "CampaignIn",
    "CampaignInIdentifierType0",
    "CampaignInPublication",
    "CampaignInPurpose",
    "CampaignInvitationIn",
    "CampaignInvitationsIn",
    "CampaignInvitationsOut",
    "CampaignListOut",
    "CampaignOut",
    "CampaignOutIdentifier",
    "CampaignOutPublication",
    "CampaignOutPurpose",
    "CampaignOutState",
    "CampaignProgressOut",
    "ChangeOut",
    "ClientChange",
    "ClientIn",
    "ClientInMode",
    "ClientListOut",
    "ClientOut",
    "ClientOutMethod",
    "ClientOutMode",
    "ClientWithSecretOut",
    "ClientWithSecretOutMethod",
    "ClientWithSecretOutMode",
    "ClockIn",
    "ClockOut",
    "CohortChange",
    "CohortIn",
    "CohortListOut",
    "CohortMembersIn",
    "CohortMembersOut",
    "CohortOut",
    "ComparisonOut",
    "CreateTokenTokenForm",
    "DeliveryDomainOut",
    "DeliveryDomainOutFlag",
    "DeliveryDomainOutState",
    "DeliveryListOut",
    "DeliveryMeasurementOut",
    "DeliveryOut",
    "DeliveryOutState",
    "DesignOut",
    "DesignOutPurpose",
    "DocumentOut",
    "DomainMeanOut",
    "DomainMeanOutStandingType0",
    "EnrolledListOut",
    "EnrolledOut",
    "EnrolledOutStage",
    "ErasureOut",
    "ExportIn",
    "ExportInFormat",
    "ExportInWhat",
    "ExportListOut",
    "ExportOut",
    "ExportOutFormat",
    "ExportOutStatus",
    "ExportOutWhat",
    "FaultOut",
    "FeedbackOut",
    "GroupOut",
    "IdentityIn",
    "IdentityOut",
    "ImportLearnersBody",
    "ImportOut",
    "InstitutionChange",
    "InstitutionListOut",
    "InstitutionOut",
    "InstitutionOutMode",
    "InstitutionOutQuotas",
    "IntrospectionOut",
    "IntrospectTokenHeldTokenForm",
    "InvitationIn",
    "InvitationLinkOut",
    "InvitationListOut",
    "InvitationOut",
    "InvitationWithLinkOut",
    "ItemOut",
    "ItemOutInteraction",
    "JwksIn",
    "JwksInKeysItem",
    "JwksOut",
    "JwksOutKeysItem",
    "KeyIn",
    "KeyInMode",
    "KeyListOut",
    "KeyOut",
    "KeyOutMode",
    "KeyWithSecretOut",
    "KeyWithSecretOutMode",
    "LaunchIn",
    "LaunchInLangType0",
    "LaunchInThemeType0",
    "LaunchOut",
    "LearnerChange",
    "LearnerExportOut",
    "LearnerExportOutCampaignsItem",
    "LearnerExportOutCohortsItem",
    "LearnerExportOutLearner",
    "LearnerExportOutSittingsItem",
    "LearnerIn",
    "LearnerListOut",
    "LearnerOut",
    "LevelOut",
    "LevelProbabilityOut",
    "LevelShareOut",
    "LevelsOut",
    "ListSittingsStatusType0",
    "MemberListOut",
    "MemberOut",
    "MetadataOut",
    "OptionOut",
    "PartOut",
    "PlatformChange",
    "PlatformIn",
    "PlatformListOut",
    "PlatformOut",
    "ProblemOut",
    "ProgressOut",
    "PublishedOut",
    "PublishedResultOut",
    "PublishedResultOutPurpose",
    "QuestionOut",
    "ReadImportTemplateFormat",
    "RegistrationLinkOut",
    "ReleaseOut",
    "ReplyOut",
    "ReplyOutOutcome",
    "ReportingDomainOut",
    "ReportingDomainOutFlagType0",
    "ReportingDomainOutState",
    "ReportingMeasurementOut",
    "ResponseIn",
    "ResponseInResponseType0",
    "ResultListOut",
    "ResultOut",
    "RetakeRule",
    "RetentionChange",
    "RetentionListOut",
    "RetentionOut",
    "RetentionOutDataClass",
    "RevokeTokenHeldTokenForm",
    "Role",
    "RotatedKeyOut",
    "RotatedKeyOutMode",
    "RowFaultOut",
    "Scope",
    "SittingIn",
    "SittingListOut",
    "SittingOfLearnerOut",
    "SittingOfLearnerOutStatus",
    "SittingOut",
    "SittingOutStatus",
    "SittingRowOut",
    "SittingRowOutStatus",
    "StatisticsOut",
    "TestLearnerIn",
    "TestLearnerInBehaviour",
    "TestRunOut",
    "TestRunOutStatus",
    "TokenErrorOut",
    "TokenErrorOutError",
    "TokenOut",
    "ToolOut",
    "ToolOutCustomParameters",
    "WebhookChange",
    "WebhookChangeEventsType0Item",
    "WebhookIn",
    "WebhookInEventsItem",
    "WebhookListOut",
    "WebhookOut",
    "WebhookOutDisabledReasonType0",
    "WebhookWithSecretOut",
    "WebhookWithSecretOutDisabledReasonType0",
    "ZoneOut",
)
