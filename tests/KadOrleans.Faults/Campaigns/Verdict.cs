namespace KadOrleans.Faults.Campaigns;

/// <summary>What became of a key's last acknowledged version.</summary>
internal enum Verdict
{
    /// <summary>It or a later one is there.</summary>
    Kept,

    /// <summary>Nothing is there.</summary>
    Lost,

    /// <summary>Something older is there, or what nobody stored.</summary>
    Undone,
}
