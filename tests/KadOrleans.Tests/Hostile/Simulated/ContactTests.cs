namespace KadOrleans.Tests.Hostile;

/// <summary>What sybils, liars about contacts, rebinders, slow and silent peers achieve.</summary>
public sealed class ContactTests
{
    private const int Seed = 1;

    /// <summary>Of many networks twenty wait for a place. Newcomers go on being tried, at a rate of their own.</summary>
    [Theory]
    [InlineData(AttackerSpread.OneHost)]
    [InlineData(AttackerSpread.OneSubnet)]
    [InlineData(AttackerSpread.ManyNetworks)]
    internal void Ids_that_wait_for_a_place_do_not_keep_newcomers_from_those_that_become_free(AttackerSpread spread)
    {
        var result = TableTrial.Run(Seed, sybils: 60, spread);

        Assert.True(result is { Stayed: 20, Left: 0, Entered: >= 15 }, $"seed {Seed}: {result}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(1_000)]
    public void One_host_under_ever_new_ports_and_many_that_claim_known_ids_keep_no_newcomer_out_of_the_table(int portsPerSecond)
    {
        var result = portsPerSecond > 0 ? TableTrial.RunDrained(Seed, portsPerSecond) : TableTrial.RunClaims(Seed, networks: 600);

        Assert.True(result.InTable == result.Came, $"seed {Seed}: {result}");
    }

    [Theory]
    [InlineData(0x0A09_0909, 0)]
    [InlineData(0x0809_0909, 8 * RebindingTrial.Lookups)]
    public void A_public_host_that_a_contact_names_is_asked_by_each_lookup_twice_and_a_private_one_never(uint host, int most) =>
        Assert.InRange(RebindingTrial.Run(Seed, host), 0, most);

    [Fact]
    public void Slow_and_silent_peers_around_a_key_do_not_hide_its_value()
    {
        var result = UnresponsiveTrial.Run(Seed, slow: 10, silent: 10, gets: 100);

        Assert.True(result.Found == 100 && result.MostAsked <= Lookup.MaxRequests, $"seed {Seed}: {result}");

        // No request waits for longer than 5 s, and two of them may follow each other.
        Assert.InRange(result.Longest, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    /// <summary>Slow ones cost a timeout and a retry of others. A chain of ones that are just fast enough meets the lookup's deadline.</summary>
    [Theory]
    [InlineData(10, 1, 4.7, 3)]
    [InlineData(4, 20, 4.7, 3)]
    [InlineData(4, 80, 0.35, 15)]
    public void Tarpits_around_a_key_delay_a_get_no_longer_than_lost_datagrams_would(int chains, int length, double delay, int seconds)
    {
        var result = TarpitTrial.Run(Seed, chains, length, TimeSpan.FromSeconds(delay));

        Assert.True(result.Untouched < TimeSpan.FromSeconds(1) && result.Longest <= TimeSpan.FromSeconds(seconds), $"seed {Seed}: {result}");
    }

    [Fact]
    public void One_address_does_not_teach_a_node_that_the_network_is_slow()
    {
        var result = TarpitTrial.RunPoisoned(Seed);

        Assert.True(result.Untouched < TimeSpan.FromSeconds(1) && result.Longest <= TimeSpan.FromSeconds(2), $"seed {Seed}: {result}");
    }

    public static TheoryData<int, int, double, double> Liars(int size, int gets) =>
        new() { { size, gets, 0.0, 1.0 }, { size, gets, 0.1, 0.95 }, { size, gets, 0.2, 0.80 }, { size, gets, 0.3, 0.50 } };

    [Theory]
    [MemberData(nameof(Liars), 150, 150)]
    [MemberData(nameof(Liars), 500, 300, Traits = ["Tier", "Long"])]
    public void Lookups_find_the_nearest_honest_node_among_liars(int nodes, int lookups, double liars, double share)
    {
        var report = new NetworkSimulation(new SimulationSettings { Nodes = nodes, Lookups = lookups, Liars = liars, Seed = Seed }).Run();

        Assert.True(report.Success >= share, $"seed {Seed}: {report.Success:0.0 %} found the nearest");
        Assert.InRange(report.Requests.Max, 0, Lookup.MaxRequests);
        if (liars <= 0.2)
        {
            Assert.InRange(report.Size!.Nodes, 0.75 * nodes, 1.25 * nodes);
        }
    }
}
