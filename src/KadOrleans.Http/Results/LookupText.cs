namespace KadOrleans.Http;

internal static class LookupText
{
    /// <summary>Contacts asked, answered and failed, and why it ended, as the end of a sentence.</summary>
    public static string Describe(LookupOutcome outcome) =>
        $"contacts asked: {outcome.Asked}, answered: {outcome.Answered}, timed out or failed: {outcome.Failed}; "
        + $"the lookup ended because {Reason(outcome.Reason)}."
        + (DescribeCrowd(outcome) is { } crowd ? $" {crowd}" : string.Empty);

    /// <summary>After what was not found: how many nodes had no value; or, if that says too little, the whole of <see cref="Describe"/>.</summary>
    public static string DescribeMiss(LookupOutcome outcome, bool isLong = false) => outcome.Reason == TerminationReason.NoContacts && !isLong
        ? ": no other node is known."
        : isLong || outcome.Reason != TerminationReason.Converged
        ? $": {Describe(outcome)}"
        : $" ({outcome.Answered} of {outcome.Asked} nodes asked had no value"
        + (outcome.Failed > 0 ? $", {outcome.Failed} did not answer)." : ").")
        + (DescribeCrowd(outcome) is { } crowd ? $" {crowd}" : string.Empty);

    /// <summary>The number of holders that returned the value, and of those that returned another one.</summary>
    public static string DescribeVote(LookupOutcome outcome) => outcome.Differed == 0
        ? $"Holders that agree: {outcome.Agreed}."
        : $"Holders that agree: {outcome.Agreed}; holders with another value: {outcome.Differed}.";

    /// <summary>A warning of contacts that somebody may have placed beside the key; null for none.</summary>
    public static string? DescribeCrowd(LookupOutcome outcome) => outcome.Crowded == 0
        ? null
        : $"{outcome.Crowded} of the {outcome.Closest.Count} nearest contacts are closer to the key than a network of this size allows; somebody may have placed them there.";

    /// <summary>The exit code of a command whose lookup failed. It depends on whether any node responded.</summary>
    public static int ExitCodeOf(LookupOutcome? outcome) =>
        outcome?.Reason is TerminationReason.NoContacts or TerminationReason.NobodyAnswered ? ExitCode.Unreachable : ExitCode.Failed;

    private static string Reason(TerminationReason reason) => reason switch
    {
        TerminationReason.Converged => "the nearest contacts that answer have all answered",
        TerminationReason.ValueFound => "a value was found",
        TerminationReason.NoContacts => "no contact was known",
        TerminationReason.NobodyAnswered => "nobody answered",
        TerminationReason.RequestLimit => "it reached its limit of requests",
        TerminationReason.DeadlineReached => "it reached its deadline",
        TerminationReason.Cancelled => "it was interrupted",
    };
}

/// <summary>The outcome of a lookup for programs.</summary>
/// <param name="Reason">Why it ended: the name of a <see cref="TerminationReason"/>, with a small first letter.</param>
/// <param name="Asked">Contacts that were asked.</param>
/// <param name="Answered">Contacts that answered.</param>
/// <param name="Failed">Contacts that failed.</param>
/// <param name="Hops">Length of the chain of answers that led to the nearest contact.</param>
/// <param name="Agreed">After a get: holders that gave the value.</param>
/// <param name="Differed">After a get: holders that gave another value.</param>
/// <param name="Crowded">Contacts nearer to the target than the network's size allows.</param>
internal sealed record LookupSummary(string Reason, int Asked, int Answered, int Failed, int Hops, int Agreed, int Differed, int Crowded)
{
    public static LookupSummary? Of(LookupOutcome? outcome) => outcome is null
        ? null
        : new LookupSummary(
            JsonNamingPolicy.CamelCase.ConvertName(outcome.Reason.ToString()),
            outcome.Asked,
            outcome.Answered,
            outcome.Failed,
            outcome.Hops,
            outcome.Agreed,
            outcome.Differed,
            outcome.Crowded);
}
