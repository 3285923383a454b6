using KadOrleans.Lab.Benchmarking;

namespace KadOrleans.Lab.Tests.Benchmarking;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Quantiles_are_within_a_thirty_second_of_the_sorted_ones()
    {
        var random = new Random(1);
        var histogram = new LatencyHistogram();
        var added = new List<long>();
        for (var i = 0; i < 5_000; i++)
        {
            // Evenly over the orders of magnitude from 100 ns to a minute.
            var ticks = (long)Math.Exp(random.NextDouble() * Math.Log(600_000_000));
            added.Add(ticks);
            histogram.Add(TimeSpan.FromTicks(ticks));
        }

        added.Sort();
        foreach (var share in new[] { 0.001, 0.1, 0.5, 0.9, 0.99, 1 })
        {
            var exact = (double)added[(int)Math.Ceiling(share * added.Count) - 1];
            Assert.InRange(histogram.Quantile(share).Ticks, Math.Floor(exact * 31 / 32) - 1, Math.Ceiling(exact * 33 / 32) + 1);
        }

        Assert.Equal(added[^1], histogram.Longest.Ticks);
        Assert.Equal(added.Count, histogram.Count);
    }

    [Fact]
    public void Without_samples_every_quantile_is_zero()
    {
        var histogram = new LatencyHistogram();

        Assert.Equal(TimeSpan.Zero, histogram.Quantile(0.99));
        Assert.Equal(TimeSpan.Zero, histogram.Longest);
    }
}
