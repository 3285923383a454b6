using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Hosting;

public static class LookupText
{
    /// <summary>Contacts asked, answered and failed, and why it ended, as the end of a sentence.</summary>
    public static string Describe(LookupOutcome outcome) =>
        $"contacts asked: {outcome.Asked}, answered: {outcome.Answered}, timed out or failed: {outcome.Failed}; "
        + $"the lookup ended because {Reason(outcome.Reason)}."
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

public static class ResultJson
{
    [return: NotNullIfNotNull(nameof(result))]
    public static JsonObject? Of<T>(T? result) => JsonSerializer.SerializeToNode(result, JsonSerializerOptions.Web)?.AsObject();
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
public sealed record LookupSummary(string Reason, int Asked, int Answered, int Failed, int Hops, int Agreed, int Differed, int Crowded)
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

/// <summary>An estimated network size as JSON: <c>{"nodes","standardError","lookups"}</c>, or null.</summary>
public static class NetworkSizeJson
{
    public static JsonObject? Create(NetworkSizeEstimate? estimate) => estimate is null ? null : ResultJson.Of(
        new { Nodes = Math.Round(estimate.Nodes, 1), StandardError = Math.Round(estimate.StandardError, 1), estimate.Lookups });
}

public static class ValueJson
{
    public const string Types = "string, int, float, bool or bytes";

    /// <summary>What a value of a type is, as the end of a sentence; null if there is no such type.</summary>
    public static string? AllowedOf(string type) => type switch
    {
        "string" => "a string is text",
        "bool" => "a bool is true or false",
        "int" => $"an int is a whole number from {DhtValue.MinInteger} to {DhtValue.MaxInteger}, or its digits as text",
        "float" => "a float is a number from -1.8e308 to 1.8e308, or the text NaN, Infinity or -Infinity",
        "bytes" => "bytes are text in hexadecimal, two digits each",
        _ => null,
    };

    /// <summary>A value as a string, number or boolean; bytes are in hexadecimal. Null for a number that JSON lacks.</summary>
    public static JsonNode? NodeOf(DhtValue value) => value.Kind switch
    {
        // ToString marks a float by a fraction or an exponent: a reader would take -0 for the integer 0, which has no sign.
        DhtValueKind.Float when !double.IsFinite(value.AsFloat()) => null,
        DhtValueKind.Integer or DhtValueKind.Float or DhtValueKind.Boolean => JsonNode.Parse(value.ToString()),
        DhtValueKind.String or DhtValueKind.Bytes or DhtValueKind.None => JsonValue.Create(value.ToString()),
        _ => throw new UnreachableException($"The value is {value.Kind}."),
    };
}
