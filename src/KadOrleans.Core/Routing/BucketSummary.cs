namespace KadOrleans.Core.Routing;

/// <summary>One bucket as an operator sees it.</summary>
/// <param name="Prefix">The lowest id it covers.</param>
/// <param name="Depth">How many leading bits its ids share, 0 to 160.</param>
/// <param name="Count">Contacts, at most k.</param>
/// <param name="Replacements">Contacts that wait for a place.</param>
/// <param name="LastLookup">When a lookup last had its target in the bucket; before the first one, when the table began.</param>
public readonly record struct BucketSummary(NodeId Prefix, int Depth, int Count, int Replacements, DateTimeOffset LastLookup)
{
    internal BucketRange Range => new(Prefix, Depth);
}
