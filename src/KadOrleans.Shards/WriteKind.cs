namespace KadOrleans.Shards;

// A kind of write other than a put. Failure: the second half of the error message if storage fails. TryPlan: plans the change of
// a key by a time. Returns false if there is nothing to change. NeedsValue: whether it looks at the held value; else the index is
// enough.
internal sealed record WriteKind(string Failure, Func<KeyShardPlan, NodeId, DateTimeOffset, bool> TryPlan, bool NeedsValue = false)
{
    /// <summary>Removes a value that has expired by a time; <see cref="DateTimeOffset.MaxValue"/> removes any.</summary>
    public static readonly WriteKind Remove = new("the values may still be there", static (plan, key, time) =>
    {
        var isDue = plan.FindEnd(key) <= time;
        if (isDue)
        {
            plan.Set(key, null);
        }

        return isDue;
    });

    /// <summary>Prolongs a publication to a time. It carries no value, so it undoes no earlier write, nor an unpublish.</summary>
    public static readonly WriteKind Prolong = OfPublication(
        "the publications may not be prolonged",
        static (held, end) => held.ExpiresAt < end && !held.IsKept ? held with { ExpiresAt = end } : null);

    /// <summary>The network has a publication. A value that was set or unpublished since then has another mark, or none.</summary>
    public static readonly WriteKind Published = OfPublication(
        "the value will be published once more",
        static (held, mark) => held.PublishedAt == mark ? held with { PublishedAt = held.LastPublished } : null);

    /// <summary>Changes nothing. It completes once the parts of storage in doubt are read.</summary>
    public static readonly WriteKind Reload = new("it could not be read again", static (_, _, _) => true);

    /// <summary>Makes the activation the owner of its log: no write of an activation before it is stored after it.</summary>
    public static readonly WriteKind Claim = new("it is not owned", static (_, _, _) => true);

    /// <summary>Ends the log. Writes before it are decided before it. Its result is whether this activation wrote it.</summary>
    public static readonly WriteKind Seal = new("it is not split", static (_, _, _) => true);

    /// <summary>Ends a publication, and the keeping of an item for its owner.</summary>
    public static WriteKind Unpublish(TimeSpan timeToLive) => OfHeld("the key may still be published, or kept", (held, _) =>
        held is { PublishedAt: null, IsKept: false } ? null : (held.IsKept ? held.Release(timeToLive) : held) with { PublishedAt = null });

    /// <summary>Ends the keeping of an item whose time is over by a time.</summary>
    public static WriteKind Release(TimeSpan timeToLive) => OfHeld(
        "the items may still be kept", (held, now) => held.IsKept && held.ExpiresAt <= now ? held.Release(timeToLive) : null);

    private static WriteKind OfPublication(string failure, Func<StoredValue, DateTimeOffset, StoredValue?> change) =>
        OfHeld(failure, (held, time) => held.PublishedAt is null ? null : change(held, time));

    // Null: it stays as it is.
    private static WriteKind OfHeld(string failure, Func<StoredValue, DateTimeOffset, StoredValue?> change) => new(
        failure,
        (plan, key, time) =>
        {
            var changed = plan.Find(key) is { } held ? change(held, time) : null;
            if (changed is not null)
            {
                plan.Set(key, changed);
            }

            return changed is not null;
        },
        NeedsValue: true);
}
