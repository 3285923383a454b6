using System.Text.Json.Serialization;

namespace KadOrleans.Http;

/// <summary>A key and its value, as <c>kad get --json</c> prints them.</summary>
/// <param name="Found">Always true; without a value the response is a problem.</param>
/// <param name="Key">The key's text; null if the request has its digest.</param>
/// <param name="Digest">The key's id, in 40 hexadecimal digits.</param>
/// <param name="Type">string, int, float, bool or bytes.</param>
/// <param name="Value">Text, number or boolean; bytes in hexadecimal. Null for a float that JSON lacks: see the text.</param>
/// <param name="Text">The value as text with every digit, for readers whose numbers end at 2^53.</param>
/// <param name="Lookup">The lookup in the network; null if the value is held here.</param>
/// <param name="Item">The signed item that the value is; left out if it is none.</param>
/// <param name="Version">Which write of the key it is: a number that only rises, or 32 hexadecimal digits where a lookup alone found the value.</param>
internal sealed record KeyResult(
    bool Found,
    string? Key,
    string Digest,
    string Type,
    JsonNode? Value,
    string Text,
    LookupSummary? Lookup,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ItemResult? Item,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Version)
{
    /// <summary>What a get found.</summary>
    public static KeyResult Of(RequestedKey key, DhtValue value, GetResult found) => Of(key, value, LookupSummary.Of(found.Lookup), found.Version.ToString());

    public static KeyResult Of(RequestedKey key, DhtValue value, LookupSummary? lookup, string? version = null) => new(
        true,
        key.Text,
        key.Digest.ToString(),
        DhtValueText.TypeName(value.Kind),
        ValueJson.NodeOf(value),
        value.ToString(),
        lookup,
        ItemResult.Find(key.Digest, value),
        version);
}

/// <summary>The outcome of a put.</summary>
/// <param name="Key">The key's text; null if the request has its digest.</param>
/// <param name="Digest">The key's id, in 40 hexadecimal digits.</param>
/// <param name="Stored">Contacts that stored the value.</param>
/// <param name="Refused">Contacts that rejected it.</param>
/// <param name="Failed">Contacts that did not respond.</param>
/// <param name="IsHeld">Whether the value is held here: by the node, or by the cluster.</param>
/// <param name="IsPublished">Whether the value is published again each day, or kept for its owner and sent each hour.</param>
/// <param name="IsPending">Whether no contact has the value yet; it is sent later.</param>
/// <param name="Lookup">The lookup of the contacts; null if there was none before the response.</param>
/// <param name="Version">The number of the write, higher than that of each earlier one; null if the value is neither held nor published here.</param>
/// <param name="NotHeld">Why it is not held here, as a part of a sentence; left out if it is, or if others are nearer to the key.</param>
internal sealed record PutResult(
    string? Key,
    string Digest,
    int Stored,
    int Refused,
    int Failed,
    bool IsHeld,
    bool IsPublished,
    bool IsPending,
    LookupSummary? Lookup,
    string? Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NotHeld = null)
{
    public static PutResult Of(RequestedKey key, SetResult result) => new(
        key.Text,
        key.Digest.ToString(),
        result.Stored,
        result.Refused,
        result.Failed,
        result.Local == StoreResult.Stored,
        result.Publication == StoreResult.Stored,
        result.IsPending,
        LookupSummary.Of(result.Lookup),
        result.Version.IsNothing ? null : result.Version.ToString(),
        result.LocalRefusal);
}
