namespace KadOrleans;

/// <summary>The result of a set, with the contacts counted by what became of the copy.</summary>
public sealed record SetResult
{
    /// <summary>Contacts that stored the value.</summary>
    public int Stored { get; init; }

    /// <summary>Contacts that rejected the value.</summary>
    public int Refused { get; init; }

    /// <summary>Contacts that did not respond. Some of them may hold the value.</summary>
    public int Failed { get; init; }

    /// <summary>The copy in this DHT's own storage. Null if it keeps none: the node is not among the k nearest, or is a client.</summary>
    public StoreResult? Local { get; init; }

    /// <summary>
    /// Whether the value is published again each day, or kept for its owner if that was asked for: <see cref="StoreResult.Stored"/>, or why not.
    /// Null if nothing remembers it: a client, or no copy could be made.
    /// </summary>
    public StoreResult? Publication { get; init; }

    /// <summary>
    /// If <see cref="Local"/> is <see cref="StoreResult.OlderItem"/>: the sequence number of the item that this DHT holds or publishes, 0 to
    /// 2^63 - 1. Null otherwise, and if it could not be read.
    /// </summary>
    public long? HeldSeq { get; init; }

    /// <summary>
    /// The number of the write, for <see cref="IDht.SetIfAsync"/> and to fence: it is higher than that of every earlier write of the key.
    /// <see cref="ValueVersion.Nothing"/> if this DHT neither holds nor publishes the value.
    /// </summary>
    public ValueVersion Version { get; init; }

    /// <summary>The lookup of the contacts; null if there was none before the call returned.</summary>
    public LookupOutcome? Lookup { get; init; }

    /// <summary>
    /// Whether the network has yet to get the value: no contact stored it, and this DHT remembers it durably and sends it later.
    /// </summary>
    public bool IsPending => Stored == 0 && Publication == StoreResult.Stored;

    /// <summary>Whether the value is stored: a copy exists, or is on its way from durable storage.</summary>
    public bool Succeeded => Stored > 0 || Local == StoreResult.Stored || Publication == StoreResult.Stored;

    /// <summary>Why this DHT's own storage refused the value, as a part of a sentence; null if it holds it, or keeps none.</summary>
    internal string? LocalRefusal => Local is { } local and not StoreResult.Stored ? Describe(local) : null;

    private string Describe(StoreResult result) => result switch
    {
        StoreResult.Stored => "this DHT holds it",
        StoreResult.TooLarge => "it is too large for this DHT",
        StoreResult.UnsupportedType => "it is of no type that this DHT stores",
        StoreResult.SourceQuotaExceeded => "its source has used up its share of this DHT",
        StoreResult.TotalQuotaExceeded => "this DHT holds as much as it may",
        StoreResult.StorageFailed => "the storage of this DHT failed",
        StoreResult.Outdated => "this DHT has a value that was stored later, lives longer or is published",
        StoreResult.SubnetQuotaExceeded => "its subnet has used up its share of this DHT",
        StoreResult.FarQuotaExceeded => "this DHT has no room for keys that others are nearer to",
        StoreResult.ChangeLimitExceeded => "its source has changed too many values of others within the hour",
        StoreResult.Busy => "too many values wait for the storage of this DHT",
        StoreResult.Late => "it reached this DHT too late",
        StoreResult.Overtaken => "this DHT holds a value that came later",
        StoreResult.TokenRequired => "the value that this DHT holds may be changed with a token only",
        StoreResult.Superseded => "the key does not hold what the call expects",
        StoreResult.InvalidItem => "it is not signed by the owner of the key",

        // An owner may have signed two values with one number.
        StoreResult.OlderItem => HeldSeq is { } seq
            ? string.Create(CultureInfo.InvariantCulture, $"the owner's item with number {seq} is held, and this one's is not higher")
            : "an item of the owner is held, and this one's number is not higher",
        StoreResult.NotOwner => "it is not of the owner of what this DHT holds",
        StoreResult.KeptQuotaExceeded => "this DHT keeps as many items for their owners as it may",
        StoreResult.OwnerQuotaExceeded => "its owner has used up his share of this DHT",
        StoreResult.Unknown => "the key does not hold what the call expects, and whether the call was done before is not known",
    };

    /// <summary>Whether the value is stored, and who has it or why not, in one sentence.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        AddCount(Stored, "stored it");
        AddCount(Refused, "refused it");
        AddCount(Failed, "did not respond");
        if (Local is { } local)
        {
            parts.Add(Describe(local));
        }

        if (Publication is { } publication && (publication == StoreResult.Stored || publication != Local))
        {
            parts.Add(
                IsPending ? "the network gets it later"
                : publication == StoreResult.Stored ? "this DHT sends it again"
                : $"this DHT does not send it again ({Describe(publication)})");
        }

        return $"{(Succeeded ? "Stored" : "Not stored")}: {(parts.Count == 0 ? "no contact was found" : string.Join(", ", parts))}.";

        void AddCount(int count, string did)
        {
            if (count > 0)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "contact" : "contacts")} {did}"));
            }
        }
    }
}
