namespace KadOrleans.Client;

/// <summary>A lookup without its target, which the caller knows, and without its value, which is sent beside it.</summary>
[GenerateSerializer]
internal record struct LookupOutcomeSurrogate(
    [property: Id(0)] TerminationReason Reason,
    [property: Id(1)] IReadOnlyList<Contact> Closest,
    [property: Id(2)] int Asked,
    [property: Id(3)] int Answered,
    [property: Id(4)] int Failed,
    [property: Id(5)] int Hops,
    [property: Id(6)] int Agreed,
    [property: Id(7)] int Differed,
    [property: Id(8)] int Crowded);

[RegisterConverter]
internal sealed class LookupOutcomeConverter() : SimpleConverter<LookupOutcome, LookupOutcomeSurrogate>(
    surrogate => new()
    {
        Target = default,
        Reason = surrogate.Reason,
        Closest = surrogate.Closest,
        Asked = surrogate.Asked,
        Answered = surrogate.Answered,
        Failed = surrogate.Failed,
        Hops = surrogate.Hops,
        Agreed = surrogate.Agreed,
        Differed = surrogate.Differed,
        Crowded = surrogate.Crowded,
    },
    value => new(value.Reason, value.Closest, value.Asked, value.Answered, value.Failed, value.Hops, value.Agreed, value.Differed, value.Crowded));

[GenerateSerializer]
internal record struct GetResultSurrogate(
    [property: Id(0)] DhtValue? Value, [property: Id(1)] LookupOutcome? Lookup, [property: Id(2)] long Version);

[RegisterConverter]
internal sealed class GetResultConverter() : SimpleConverter<GetResult, GetResultSurrogate>(
    surrogate => surrogate.Version == 0 ? Found(surrogate) : Found(surrogate) with { Version = ValueVersion.Of(surrogate.Version) },
    value => new(value.Value, value.Lookup, value.Version.Number))
{
    // The digest of what was found is not sent: the value tells it.
    private static GetResult Found(in GetResultSurrogate surrogate) =>
        new(surrogate.Value, surrogate.Lookup is { } lookup ? lookup with { Value = surrogate.Value } : null);
}

/// <summary>Local is the cluster's copy. The publication is not sent: the caller sets it.</summary>
[GenerateSerializer]
internal record struct SetResultSurrogate(
    [property: Id(0)] StoreResult? Local,
    [property: Id(1)] int Stored,
    [property: Id(2)] int Refused,
    [property: Id(3)] int Failed,
    [property: Id(4)] LookupOutcome? Lookup,
    [property: Id(5)] long? HeldSeq,
    [property: Id(6)] long Version);

[RegisterConverter]
internal sealed class SetResultConverter() : SimpleConverter<SetResult, SetResultSurrogate>(
    surrogate => new()
    {
        Local = surrogate.Local,
        Stored = surrogate.Stored,
        Refused = surrogate.Refused,
        Failed = surrogate.Failed,
        Lookup = surrogate.Lookup,
        HeldSeq = surrogate.HeldSeq,
        Version = ValueVersion.Of(surrogate.Version),
    },
    value => new(value.Local, value.Stored, value.Refused, value.Failed, value.Lookup, value.HeldSeq, value.Version.Number));

/// <summary>The kind of a failure is not sent: the caller gets <see cref="RequestFailure.TimedOut"/>.</summary>
[GenerateSerializer]
internal record struct PingResultSurrogate([property: Id(0)] bool Answered, [property: Id(1)] NodeId? Id, [property: Id(2)] TimeSpan RoundTrip);

[RegisterConverter]
internal sealed class PingResultConverter() : SimpleConverter<PingResult, PingResultSurrogate>(
    surrogate => new(surrogate.Id, surrogate.Answered ? null : RequestFailure.TimedOut, surrogate.RoundTrip),
    value => new(value.Answered, value.Id, value.RoundTrip));

[GenerateSerializer]
internal struct SweepProgressSurrogate
{
    [Id(0)]
    public DateTimeOffset At { get; set; }

    [Id(1)]
    public bool IsLooking { get; set; }

    [Id(2)]
    public DateTimeOffset? BegunAt { get; set; }

    [Id(3)]
    public DateTimeOffset? EndedAt { get; set; }

    [Id(4)]
    public long Values { get; set; }

    [Id(5)]
    public long Waiting { get; set; }

    [Id(6)]
    public long Republished { get; set; }

    [Id(7)]
    public long Published { get; set; }

    [Id(8)]
    public long Regions { get; set; }

    [Id(9)]
    public long RegionsDone { get; set; }

    [Id(10)]
    public TimeSpan Lateness { get; set; }

    [Id(11)]
    public TimeSpan Overdue { get; set; }

    [Id(12)]
    public TimeSpan OverdueLimit { get; set; }

    [Id(13)]
    public int LeftOut { get; set; }
}

[RegisterConverter]
internal sealed class SweepProgressConverter() : SimpleConverter<SweepProgress, SweepProgressSurrogate>(
    surrogate => new()
    {
        At = surrogate.At,
        IsLooking = surrogate.IsLooking,
        BegunAt = surrogate.BegunAt,
        EndedAt = surrogate.EndedAt,
        Values = surrogate.Values,
        Waiting = surrogate.Waiting,
        Republished = surrogate.Republished,
        Published = surrogate.Published,
        Regions = surrogate.Regions,
        RegionsDone = surrogate.RegionsDone,
        Lateness = surrogate.Lateness,
        Overdue = surrogate.Overdue,
        OverdueLimit = surrogate.OverdueLimit,
        LeftOut = surrogate.LeftOut,
    },
    value => new()
    {
        At = value.At,
        IsLooking = value.IsLooking,
        BegunAt = value.BegunAt,
        EndedAt = value.EndedAt,
        Values = value.Values,
        Waiting = value.Waiting,
        Republished = value.Republished,
        Published = value.Published,
        Regions = value.Regions,
        RegionsDone = value.RegionsDone,
        Lateness = value.Lateness,
        Overdue = value.Overdue,
        OverdueLimit = value.OverdueLimit,
        LeftOut = value.LeftOut,
    });

[GenerateSerializer]
internal record struct KeyHolderSurrogate([property: Id(0)] Contact Contact, [property: Id(1)] bool Answered, [property: Id(2)] DhtValue? Value);

[RegisterConverter]
internal sealed class KeyHolderConverter() : SimpleConverter<KeyHolder, KeyHolderSurrogate>(
    surrogate => new(surrogate.Contact, surrogate.Answered, surrogate.Value),
    value => new(value.Contact, value.Answered, value.Value));

[GenerateSerializer]
internal record struct LookupTraceSurrogate(
    [property: Id(0)] NodeId From,
    [property: Id(1)] LookupOutcome Outcome,
    [property: Id(2)] DhtValue? Value,
    [property: Id(3)] TimeSpan Duration,
    [property: Id(4)] IReadOnlyList<LookupQuery> Queries);

[RegisterConverter]
internal sealed class LookupTraceConverter() : SimpleConverter<LookupTrace, LookupTraceSurrogate>(
    surrogate => new(surrogate.From, surrogate.Outcome with { Value = surrogate.Value }, surrogate.Duration, surrogate.Queries),
    value => new(value.From, value.Outcome, value.Outcome.Value, value.Duration, value.Queries));

[GenerateSerializer]
internal record struct LookupQuerySurrogate(
    [property: Id(0)] Contact Contact,
    [property: Id(1)] int? NamedBy,
    [property: Id(2)] int Hops,
    [property: Id(3)] TimeSpan SentAt,
    [property: Id(4)] TimeSpan? Took,
    [property: Id(5)] QueryResult Result,
    [property: Id(6)] int Named,
    [property: Id(7)] DhtValue? Value);

[RegisterConverter]
internal sealed class LookupQueryConverter() : SimpleConverter<LookupQuery, LookupQuerySurrogate>(
    one => new(one.Contact, one.NamedBy, one.Hops, one.SentAt, one.Took, one.Result, one.Named, one.Value),
    value => new(value.Contact, value.NamedBy, value.Hops, value.SentAt, value.Took, value.Result, value.Named, value.Value));
