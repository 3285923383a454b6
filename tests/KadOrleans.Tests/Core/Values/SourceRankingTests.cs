namespace KadOrleans.Tests.Core;

public sealed class SourceRankingTests
{
    [Fact]
    public void Parts_merge_to_a_plain_sum_or_what_is_left_out_is_within_the_bound() => Randomized.ForSeeds(400, random =>
    {
        var parts = PartsOf(random);
        var isWhole = random.Next(2) == 0;
        var (listed, capacity) = isWhole ? (10_000, 10_000) : (1 + random.Next(8), 1 + random.Next(6));
        var merge = new SourceMerge(capacity);
        parts.ForEach(part => merge.Add(Rank(part, listed)));

        var count = 1 + random.Next(12);
        var (all, ranking) = (Sum(parts), merge.Rank(count));
        var shown = ranking.Sources.ToDictionary(source => source.Source);
        Assert.Equal((all.Sum(one => one.Keys), all.Sum(one => one.Bytes)), (ranking.Keys, ranking.Bytes));
        Assert.InRange(shown.Count, 1, 2 * count);
        foreach (var one in all)
        {
            var said = shown.GetValueOrDefault(one.Source);
            Assert.InRange(one.Keys, said.Keys, said.Keys + ranking.MostOtherKeys);
            Assert.InRange(one.Bytes, said.Bytes, said.Bytes + ranking.MostOtherBytes);
        }

        if (isWhole)
        {
            var expected = Rank(all, count);
            Assert.True(merge.IsExact);
            Assert.Equal(expected.Sources, ranking.Sources);
            Assert.Equal(expected with { Sources = ranking.Sources }, ranking);
        }
    });

    [Fact]
    public void A_merge_forgets_networks_once_it_has_four_times_its_capacity()
    {
        var merge = new SourceMerge(capacity: 2);
        merge.Add(Rank([.. Enumerable.Range(1, 8).Select(i => One(i, i, i))], 8));
        Assert.True(merge.IsExact);

        merge.Add(Rank([One(9, 9, 9)], 8));
        Assert.False(merge.IsExact);
        Assert.Equal([One(9, 9, 9), One(8, 8, 8)], merge.Rank(count: 8).Sources);
    }

    [Fact]
    public void A_ranking_has_those_with_most_keys_and_those_with_most_bytes()
    {
        var ranking = Rank([One(1, 9, 10), One(2, 1, 900), One(3, 5, 500), One(4, 8, 20)], 1);

        Assert.Equal([One(2, 1, 900), One(1, 9, 10)], ranking.Sources);
        Assert.Equal((23, 1430, 9, 900), (ranking.Keys, ranking.Bytes, ranking.MostOtherKeys, ranking.MostOtherBytes));
        Assert.Equal((0, 0), (Rank([One(1, 9, 10)], 1).MostOtherKeys, Rank([], 1).MostOtherBytes));
    }

    // A few networks have much, most have little, and many are in several parts.
    private static List<IReadOnlyList<SourceTotals>> PartsOf(SeededRandomSource random) =>
    [
        .. Enumerable.Range(0, 1 + random.Next(9)).Select(IReadOnlyList<SourceTotals> (_) =>
        [
            .. Enumerable.Range(0, 30).Where(_ => random.Next(3) > 0)
                .Select(number => One(number, 1 + random.Next(number % 5 == 0 ? 1000 : 10), 1 + random.Next(number % 4 == 0 ? 1000 : 10))),
        ]),
    ];

    private static SourceTotals One(int number, long keys, long bytes) => new(new SourceNetwork(0, 0xFFFF_CB00_7100 + (ulong)number), keys, bytes);

    private static IReadOnlyList<SourceTotals> Sum(IEnumerable<IReadOnlyList<SourceTotals>> parts) =>
    [
        .. parts.SelectMany(part => part).GroupBy(one => one.Source)
            .Select(group => new SourceTotals(group.Key, group.Sum(one => one.Keys), group.Sum(one => one.Bytes))),
    ];

    private static SourceRanking Rank(IReadOnlyList<SourceTotals> all, int count)
    {
        var ranker = new SourceRanker(count);
        foreach (var one in all)
        {
            ranker.Add(one);
        }

        return ranker.Rank(all.Sum(one => one.Keys), all.Sum(one => one.Bytes));
    }
}
