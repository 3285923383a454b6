using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace KadOrleans.Client;

// The audit log of a cluster, the same on all silos. Key: GrainKeys.Singleton. An entry is durable when its call returns.
[Alias("kad.IAuditGrain")]
[Version(0)]
[OpenTo(Callers.Silos)]
internal interface IAuditGrain : IGrainWithIntegerKey
{
    const int MaxEntries = 10_000;

    /// <summary>Adds an entry, whose number is ignored. Beyond <see cref="MaxEntries"/> the oldest one is removed.</summary>
    [Alias("Append")]
    ValueTask AppendAsync(AuditRecord entry);

    /// <summary>The last entries with numbers below <paramref name="before"/>, or of all, newest first.</summary>
    [AlwaysInterleave]
    [Alias("Read")]
    ValueTask<IReadOnlyList<AuditRecord>> ReadAsync(int count, long? before);
}

/// <summary>A change that an operator made, with the members of <see cref="AuditEntry"/>.</summary>
[GenerateSerializer]
[Alias("kad.AuditRecord")]
internal sealed record AuditRecord(
    [property: Id(0)] long Number,
    [property: Id(1)] DateTimeOffset Time,
    [property: Id(2)] string Who,
    [property: Id(3)] string Action,
    [property: Id(4)] string Target,
    [property: Id(5)] bool Succeeded,
    [property: Id(6)] string Result);
