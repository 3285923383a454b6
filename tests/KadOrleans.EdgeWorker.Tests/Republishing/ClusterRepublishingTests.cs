using System.Globalization;
using KadOrleans.Simulation;

namespace KadOrleans.EdgeWorker.Tests.Republishing;

/// <summary>How long a cluster takes to send all its keys out again (Kademlia §2.5).</summary>
public sealed class ClusterRepublishingTests(ITestOutputHelper output)
{
    // 150,000 were the most at 20 a second for each id. KAD_REPUBLISH_KEYS=1000000 runs the size that docs/scale.md states.
    private static readonly int MostKeys =
        int.Parse(Environment.GetEnvironmentVariable("KAD_REPUBLISH_KEYS") ?? "170000", CultureInfo.InvariantCulture);

    private readonly SimulatedWorld _world = new(seed: 15);

    [Fact]
    public void All_keys_of_two_edges_go_out_within_seventy_minutes_and_again_in_the_next_hour() => Run(20_000);

    [Fact]
    [Trait("Tier", "Long")]
    public void So_do_more_keys_than_the_least_rate_takes() => Run(MostKeys);

    private void Run(int keys) => _world.Run(async () =>
    {
        await using var cluster = new RepublishingCluster(_world);
        await cluster.StartAsync(edges: 2, peers: 2, keys);

        await _world.PassAsync(TimeSpan.FromMinutes(70));
        Describe(cluster, keys, 70);
        Assert.Equal(keys, cluster.Log.Sent.Count);

        await _world.PassAsync(TimeSpan.FromMinutes(65));
        Describe(cluster, keys, 135);
        Assert.InRange(cluster.Log.LongestGap, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(70));
        Assert.All(cluster.Log.Sent.Values, at => Assert.True(at > TimeSpan.FromMinutes(65)));
    });

    private void Describe(RepublishingCluster cluster, int keys, int minutes) => output.WriteLine(
        $"{minutes} min: {cluster.Log.Sent.Count} keys of {keys}, longest gap {cluster.Log.LongestGap.TotalMinutes:0.0} min, "
        + $"at most {cluster.Log.Minutes.Values.Max()} a minute, {cluster.SentBytes / 1_000_000} MB sent");
}
