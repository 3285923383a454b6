namespace KadOrleans.Client;

/// <summary>A <see cref="SourceRanking"/> between processes.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardSources")]
internal sealed record ShardSources(
    [property: Id(0)] long Keys,
    [property: Id(1)] long Bytes,
    [property: Id(2)] IReadOnlyList<ShardSource> Sources,
    [property: Id(3)] long MostOtherKeys,
    [property: Id(4)] long MostOtherBytes)
{
    public static ShardSources Of(SourceRanking ranking) => new(
        ranking.Keys,
        ranking.Bytes,
        [.. ranking.Sources.Select(one => new ShardSource(one.Source, one.Keys, one.Bytes))],
        ranking.MostOtherKeys,
        ranking.MostOtherBytes);

    public SourceRanking ToRanking() => new(
        Keys, Bytes, [.. Sources.Select(one => new SourceTotals(one.Source, one.Keys, one.Bytes))], MostOtherKeys, MostOtherBytes);
}

[GenerateSerializer]
[Immutable]
[Alias("kad.ShardSource")]
internal readonly record struct ShardSource([property: Id(0)] SourceNetwork Source, [property: Id(1)] long Keys, [property: Id(2)] long Bytes);
