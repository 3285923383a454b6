using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>The silos of a cluster, as each of them tells.</summary>
public sealed class ClusterSilosTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private IDhtAdmin Admin => cluster.Cluster.GetSiloServiceProvider().GetRequiredService<IDhtAdmin>();

    private IReadOnlyList<SiloAddress> Addresses => [.. cluster.Cluster.Silos.Select(silo => silo.SiloAddress)];

    [Fact]
    public async Task Each_silo_tells_the_same_and_where_the_directory_is()
    {
        await cluster.Directory.GetUtcNowAsync();
        var holder = await cluster.FindSiloAsync(cluster.Directory);
        foreach (var list in await Task.WhenAll(Addresses.Select(silo => SilosOf(silo).ReadAsync())))
        {
            Assert.Equal(Addresses.Select(silo => silo.ToString()).Order(StringComparer.Ordinal), list.Select(silo => silo.Address));
            Assert.All(list, silo =>
            {
                Assert.Equal(("Active", true, null), (silo.State, silo.IsReady, silo.Reason));
                Assert.Equal(cluster.Cluster.Silos.Single(one => one.SiloAddress.ToString() == silo.Address).Name, silo.Name);
                Assert.NotEmpty(silo.Version!);
                Assert.Equal(0, silo.ClockDifference!.Value.TotalSeconds, 1.0);
                Assert.Equal(silo.Address == holder!.ToString(), silo.HasEdgeDirectory);
                Assert.True(silo.StartedAt <= silo.LastHeard);
            });
        }
    }

    [Fact]
    public async Task A_shard_is_found_where_it_is_active_and_is_not_activated_by_that()
    {
        var key = Samples.KeysOf(7, ClusterFixture.ShardBits).First();
        var before = await Admin.FindShardAsync(key);
        Assert.Equal((7, "shard 0007"), (before.Number, before.Name));
        Assert.Empty(before.Silos);
        Assert.Null(await cluster.FindSiloAsync(cluster.Shard(7)));

        await cluster.Shard(7).PutAsync([new ShardPut(key, cluster.Text("value"))]);

        var place = await cluster.FindSiloAsync(cluster.Shard(7));
        foreach (var found in new[] { await Admin.FindShardAsync(key), await Admin.GetShardAsync(7), await SilosOf(Addresses[1]).FindShardAsync(7) })
        {
            Assert.Equal(place!.ToString(), Assert.Single(found.Silos));
            Assert.Empty(found.Missing);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1 << ClusterFixture.ShardBits)]
    public async Task A_number_that_no_shard_has_is_refused(int number)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => Admin.GetShardAsync(number));
        Assert.Equal($"The shard is {number}; 0 to 255 is allowed.", refused.Message);
    }

    [Theory]
    [InlineData(true, "it does not respond")]
    [InlineData(false, "it does not say; a silo of an earlier release does not")]
    public async Task A_silo_that_does_not_say_how_it_is_is_told_with_the_reason(bool isSilent, string reason)
    {
        Exception failure = isSilent ? new TimeoutException("No response.") : new InvalidOperationException("There is no such service.");
        var (asking, silent) = (Addresses[0], Addresses[1]);
        var services = cluster.Cluster.GetSiloServiceProvider(asking);
        var silos = ActivatorUtilities.CreateInstance<ClusterSilos>(
            services, (AskReport)((_, _) => Task.FromException<SiloReport>(failure)), NullLogger<ClusterSilos>.Instance);

        var list = await silos.ReadAsync();
        var shard = await silos.FindShardAsync(0);

        Assert.True(list.Single(silo => silo.Address == asking.ToString()).IsReady);
        var other = list.Single(silo => silo.Address == silent.ToString());
        Assert.Equal(("Active", false, reason, null), (other.State, other.IsReady, other.Reason, other.Version));
        Assert.NotNull(other.StartedAt);
        Assert.Equal([silent.ToString()], shard.Missing);
    }

    [Fact]
    public async Task While_the_membership_table_cannot_be_read_the_silos_tell_of_themselves()
    {
        var services = cluster.Cluster.GetSiloServiceProvider(Addresses[0]);
        var silos = ActivatorUtilities.CreateInstance<ClusterSilos>(services, Fake.Of<IMembershipTable>((_, _) => throw new TimeoutException("The storage is away.")));

        var list = await silos.ReadAsync();

        Assert.Equal(Addresses.Count, list.Count);
        Assert.All(list, silo => Assert.True(silo is { IsReady: true, Name: not null, StartedAt: not null, Version: not null }));
    }

    private ClusterSilos SilosOf(SiloAddress silo) => cluster.Cluster.GetSiloServiceProvider(silo).GetRequiredService<ClusterSilos>();
}

/// <summary>What is told of a silo, by what is known of it.</summary>
public sealed class SiloListingTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 3, 0, 0, 500, TimeSpan.Zero);

    private static readonly DateTimeOffset WholeSeconds = Now.AddMilliseconds(-500);

    private static readonly SiloReport Report = new("silo-1", "1.2.3", false, "clock skew", TimeSpan.FromHours(1), TimeSpan.FromSeconds(-20.0004), true);

    private static readonly StoredSilo Stored = new(SiloStatus.Active, "stored", Now.AddHours(-2), Now.AddMinutes(-1));

    [Fact]
    public void What_a_silo_says_of_itself_comes_before_the_table() => Assert.Equal(
        new SiloDetails(At(1).ToString(), "silo-1", "Active", WholeSeconds.AddHours(-1), WholeSeconds, TimeSpan.FromSeconds(-20), "1.2.3", false, "clock skew", true),
        Assert.Single(ListOf([(At(1), SiloStatus.Active)], [(At(1), Stored)], [(At(1), new SiloAnswer(Report, null))])));

    [Fact]
    public void Of_a_silo_that_does_not_respond_the_table_tells() => Assert.Equal(
        new SiloDetails(At(1).ToString(), "stored", "Active", WholeSeconds.AddHours(-2), WholeSeconds.AddMinutes(-1), null, null, false, "it does not respond", false),
        Assert.Single(ListOf([(At(1), SiloStatus.Active)], [(At(1), Stored)], [(At(1), new SiloAnswer(null, "it does not respond"))])));

    [Fact]
    public void Without_the_table_what_the_membership_says_is_left() => Assert.Equal(
        new SiloDetails(At(1).ToString(), null, "Joining", null, null, null, null, false, null, false),
        Assert.Single(ListOf([(At(1), SiloStatus.Joining)], [], [])));

    [Fact]
    public void A_silo_that_is_in_the_table_alone_is_told_too() => Assert.Equal(
        (At(1).ToString(), "Active", "stored"),
        Assert.Single(ListOf([], [(At(1), Stored)], [])) is var silo ? (silo.Address, silo.State, silo.Name) : default);

    [Fact]
    public void Dead_silos_are_last_and_few()
    {
        var dead = Enumerable.Range(1, SiloListing.MaxDead + 5).Select(generation => (At(generation), SiloStatus.Dead));

        var list = ListOf([.. dead, (At(98), SiloStatus.ShuttingDown), (At(99), SiloStatus.Active)], [], []);

        Assert.Equal(
            [(At(98).ToString(), "ShuttingDown"), (At(99).ToString(), "Active"), .. Enumerable.Range(6, SiloListing.MaxDead).Reverse().Select(generation => (At(generation).ToString(), "Dead"))],
            list.Select(silo => (silo.Address, silo.State)));
    }

    private static SiloAddress At(int generation) => SiloAddress.New(IPAddress.Loopback, 11111, generation);

    private static IReadOnlyList<SiloDetails> ListOf(
        (SiloAddress, SiloStatus)[] known, (SiloAddress, StoredSilo)[] stored, (SiloAddress, SiloAnswer)[] answers) => SiloListing.Of(
        known.ToDictionary(), stored.ToDictionary(), answers.ToDictionary(), Now);
}
