namespace KadOrleans.Core.Routing;

/// <summary>A bucket as it is stored.</summary>
/// <param name="Range">What it covers.</param>
/// <param name="LastLookup">When a lookup last aimed into it.</param>
/// <param name="Contacts">Least recently seen first.</param>
/// <param name="Replacements">Newest last; their failures are 0.</param>
public sealed record SavedBucket(
    BucketRange Range,
    DateTimeOffset LastLookup,
    IReadOnlyList<SavedContact> Contacts,
    IReadOnlyList<SavedContact> Replacements);
