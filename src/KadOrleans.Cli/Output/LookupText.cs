using System.Text.Json;
using System.Text.Json.Nodes;
using KadOrleans.Core.Lookups;

namespace KadOrleans.Cli.Output;

/// <summary>The outcome of a lookup, for people and for programs.</summary>
internal static class LookupText
{
    /// <summary>Contacts asked, answered and failed, and why it ended, as the end of a sentence.</summary>
    public static string Describe(LookupOutcome outcome) =>
        $"contacts asked: {outcome.Asked}, answered: {outcome.Answered}, timed out or failed: {outcome.Failed}; "
        + $"the lookup ended because {Reason(outcome.Reason)}.";

    /// <summary>The number of holders that returned the value, and of those that returned another one.</summary>
    public static string DescribeVote(LookupOutcome outcome) => outcome.Differed == 0
        ? $"Holders that agree: {outcome.Agreed}."
        : $"Holders that agree: {outcome.Agreed}; holders with another value: {outcome.Differed}.";

    /// <summary>The exit code of a command whose lookup failed. It depends on whether any node responded.</summary>
    public static int ExitCodeOf(LookupOutcome? outcome) =>
        outcome?.Reason is TerminationReason.NoContacts or TerminationReason.NobodyAnswered ? ExitCode.Unreachable : ExitCode.Failed;

    /// <summary>The outcome as an object: reason, asked, answered, failed, hops. After a get also agreed, differed.</summary>
    public static JsonObject ToJson(LookupOutcome outcome) => new()
    {
        ["reason"] = JsonNamingPolicy.CamelCase.ConvertName(outcome.Reason.ToString()),
        ["asked"] = outcome.Asked,
        ["answered"] = outcome.Answered,
        ["failed"] = outcome.Failed,
        ["hops"] = outcome.Hops,
        ["agreed"] = outcome.Agreed,
        ["differed"] = outcome.Differed,
    };

    private static string Reason(TerminationReason reason) => reason switch
    {
        TerminationReason.Converged => "the nearest contacts that answer have all answered",
        TerminationReason.ValueFound => "a value was found",
        TerminationReason.NoContacts => "no contact was known",
        TerminationReason.NobodyAnswered => "nobody answered",
        TerminationReason.RequestLimit => "it reached its limit of requests",
        _ => "it was interrupted",
    };
}
