namespace KadOrleans.Cluster.Tests.Grains;

public sealed class ClusterSilosTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private IDhtAdmin Admin => cluster.Service<IDhtAdmin>();

    [Fact]
    public async Task Each_silo_tells_the_same_and_where_the_directory_is()
    {
        await cluster.Directory.GetUtcNowAsync();
        var holder = await cluster.FindSiloAsync(cluster.Directory);
        var lists = await Task.WhenAll(cluster.Services<ClusterSilos>().Select(silos => silos.ReadAsync()));
        foreach (var list in lists.Append(await Admin.GetSilosAsync()))
        {
            Assert.Equal(cluster.Addresses.Select(silo => silo.ToString()).Order(StringComparer.Ordinal), list.Select(silo => silo.Address));
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
        Assert.Equal((7, "shard 7"), (before.Number, before.Name));
        Assert.Empty(before.Silos);
        Assert.Null(await cluster.FindSiloAsync(cluster.Shard(7)));

        await cluster.Shard(7).PutAsync([new ShardPut(key, cluster.Text("value"))]);

        var place = await cluster.FindSiloAsync(cluster.Shard(7));
        var other = cluster.Service<ClusterSilos>(cluster.Addresses[1]);
        foreach (var found in new[] { await Admin.FindShardAsync(key), await Admin.GetShardAsync(7), await other.FindShardAsync(7) })
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
    [InlineData(false, "it does not report its state")]
    public async Task A_silo_that_does_not_say_how_it_is_is_told_with_the_reason(bool isSilent, string reason)
    {
        Exception failure = isSilent ? new TimeoutException("No response.") : new InvalidOperationException("There is no such service.");
        var (asking, silent) = (cluster.Addresses[0], cluster.Addresses[1]);
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
    public async Task Silos_that_share_a_node_are_counted_by_what_they_say()
    {
        var services = cluster.Cluster.GetSiloServiceProvider(cluster.Addresses[0]);
        var silos = ActivatorUtilities.CreateInstance<ClusterSilos>(services, (AskReport)((silo, _) => Task.FromResult(
            new SiloReport(silo.ToString(), "1.2.3", true, null, TimeSpan.Zero, null, false, silo.Equals(cluster.Addresses[1]) ? "node-1" : null))));

        Assert.Equal((1, 0), (await silos.CountOthersOnAsync("node-1"), await silos.CountOthersOnAsync("node-2")));
    }

    [Fact]
    public async Task While_the_membership_table_cannot_be_read_the_silos_tell_of_themselves()
    {
        var services = cluster.Cluster.GetSiloServiceProvider(cluster.Addresses[0]);
        var silos = ActivatorUtilities.CreateInstance<ClusterSilos>(services, Fake.Of<IMembershipTable>((_, _) => throw new TimeoutException("The storage is away.")));

        await cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>().SetAsync(NodeId.FromKey("key"), 1, SetAcknowledgement.Durable);
        var list = await silos.ReadAsync();

        Assert.Equal(cluster.Addresses.Count, list.Count);
        Assert.True(list.Sum(silo => silo.Shards) > 0);
        Assert.All(list, silo => Assert.True(silo is { IsReady: true, Name: not null, StartedAt: not null, Version: not null, ResidentBytes: > 0 }));
    }
}

public sealed class SiloListingTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 3, 0, 0, 500, TimeSpan.Zero);

    private static readonly DateTimeOffset WholeSeconds = Now.AddMilliseconds(-500);

    private static readonly SiloReport Report = new(
        "silo-1", "1.2.3", false, "clock skew", TimeSpan.FromHours(1), TimeSpan.FromSeconds(-20.0004), true, "node-1", 16, 300_000_000);

    private static readonly StoredSilo Stored = new(SiloStatus.Active, "stored", Now.AddHours(-2), Now.AddMinutes(-1));

    [Fact]
    public void What_a_silo_says_of_itself_comes_before_the_table_and_that_before_the_membership()
    {
        var (at, word, active) = (At(1), At(1).ToString(), new[] { (At(1), SiloStatus.Active) });
        var (since, skew) = (WholeSeconds.AddHours(-1), TimeSpan.FromSeconds(-20));
        Assert.Equal(
            new SiloDetails(word, "silo-1", "Active", since, WholeSeconds, skew, "1.2.3", false, "clock skew", true)
            {
                Node = "node-1",
                Shards = 16,
                ResidentBytes = 300_000_000,
            },
            Assert.Single(ListOf(active, [(at, Stored)], [(at, new SiloAnswer(Report, null))])));
        Assert.Equal(
            new SiloDetails(word, "stored", "Active", since.AddHours(-1), WholeSeconds.AddMinutes(-1), null, null, false, "late", false),
            Assert.Single(ListOf(active, [(at, Stored)], [(at, new SiloAnswer(null, "late"))])));
        Assert.Equal(
            new SiloDetails(word, null, "Joining", null, null, null, null, false, null, false),
            Assert.Single(ListOf([(at, SiloStatus.Joining)], [], [])));
        var inTableAlone = Assert.Single(ListOf([], [(at, Stored)], []));
        Assert.Equal((word, "Active", "stored"), (inTableAlone.Address, inTableAlone.State, inTableAlone.Name));
    }

    [Fact]
    public void Dead_silos_are_last_and_few()
    {
        var dead = Enumerable.Range(1, ClusterSilos.MaxDead + 5).Select(generation => (At(generation), SiloStatus.Dead));

        var list = ListOf([.. dead, (At(98), SiloStatus.ShuttingDown), (At(99), SiloStatus.Active)], [], []);

        Assert.Equal(
            [(At(98).ToString(), "ShuttingDown"), (At(99).ToString(), "Active"), .. Enumerable.Range(6, ClusterSilos.MaxDead).Reverse().Select(generation => (At(generation).ToString(), "Dead"))],
            list.Select(silo => (silo.Address, silo.State)));
    }

    [Fact]
    public void A_silo_that_is_missing_is_listed_first_of_the_dead_however_many_started_after_it()
    {
        var lost = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 9), 1);
        var restarts = Enumerable.Range(2, ClusterSilos.MaxDead + 5)
            .Select(generation => (At(generation), Dead(SiloEnd.Stopped, Now.AddDays(-7).AddHours(generation), Now.AddDays(-7).AddHours(generation + 0.5))));

        var list = ListOf([], [(lost, Dead(SiloEnd.DeclaredDead, Now.AddDays(-9), Now.AddHours(-1))), .. restarts], []);

        Assert.Equal((ClusterSilos.MaxDead, (lost.ToString(), true)), (list.Count, (list[0].Address, list[0].IsLost)));
        Assert.Equal(At(ClusterSilos.MaxDead + 6).ToString(), list[1].Address);

        static StoredSilo Dead(SiloEnd end, DateTimeOffset from, DateTimeOffset to) =>
            new(SiloStatus.Dead, "silo", from, to) { End = end, EndedAt = to };
    }

    [Fact]
    public void A_silo_that_stopped_said_so_itself_and_others_were_declared_dead()
    {
        var (silo, other, when) = (At(1), At(2), Now.AddMinutes(-3));

        Assert.Equal<(SiloEnd?, DateTimeOffset?)>((SiloEnd.Stopped, when), EndOf((other, Now.AddHours(-1)), (silo, when)));
        Assert.Equal<(SiloEnd?, DateTimeOffset?)>((SiloEnd.DeclaredDead, when), EndOf((other, when)));
        Assert.Equal<(SiloEnd?, DateTimeOffset?)>((SiloEnd.DeclaredDead, null), EndOf());

        (SiloEnd?, DateTimeOffset?) EndOf(params (SiloAddress By, DateTimeOffset At)[] suspectors)
        {
            var stored = ClusterSilos.Read(new MembershipEntry
            {
                SiloAddress = silo,
                Status = SiloStatus.Dead,
                StartTime = Now.AddHours(-2).UtcDateTime,
                IAmAliveTime = Now.AddMinutes(-4).UtcDateTime,
                SuspectTimes = [.. suspectors.Select(one => Tuple.Create(one.By, one.At.UtcDateTime))],
            });
            return (stored.End, stored.EndedAt);
        }
    }

    [Fact]
    public void A_silo_that_was_declared_dead_is_missing_until_one_starts_in_its_place()
    {
        Assert.Equal([1], LostOf(Ended(1, hoursAgo: 2), Started(2, hoursAgo: 3)));
        Assert.Empty(LostOf(Ended(1, hoursAgo: 2, SiloEnd.Stopped), Started(2, hoursAgo: 3)));

        // At its address, or anywhere: one for each.
        Assert.Empty(LostOf(Ended(1, hoursAgo: 2), Started(1, hoursAgo: 1)));
        Assert.Empty(LostOf(Ended(1, hoursAgo: 2), Started(3, hoursAgo: 1)));
        Assert.Equal([2], LostOf(Ended(1, hoursAgo: 3), Ended(2, hoursAgo: 2), Started(3, hoursAgo: 1)));

        // What starts where another one was stopped takes that one's place.
        Assert.Equal([1], LostOf(Ended(1, hoursAgo: 3), Ended(2, hoursAgo: 2, SiloEnd.Stopped), Started(2, hoursAgo: 1)));

        // Not before it has served: one that passes by takes no place even while it runs.
        Assert.Equal([1], LostOf(Ended(1, hoursAgo: 2), Begun(1, secondsAgo: 29)));
        Assert.Equal([1], LostOf(Ended(1, hoursAgo: 2), Begun(3, secondsAgo: 29)));
        Assert.Empty(LostOf(Ended(1, hoursAgo: 2), Begun(3, secondsAgo: 30)));

        // It had yet to join; and nobody waits for one of the day before.
        Assert.Equal([1], LostOf(Ended(1, hoursAgo: 2), Started(3, hoursAgo: 1, SiloStatus.Joining)));
        Assert.Empty(LostOf(Ended(1, hoursAgo: 25), Started(2, hoursAgo: 30)));

        // It was refused at its start, or killed before it served: it is not missed, and a lost one still is.
        Assert.Empty(LostOf(Ended(1, hoursAgo: 2, served: TimeSpan.FromSeconds(6)), Started(2, hoursAgo: 3)));
        Assert.Equal([1], LostOf(Ended(1, hoursAgo: 3), Ended(2, hoursAgo: 2, served: TimeSpan.FromSeconds(6))));
        Assert.Equal([1], LostOf(Ended(1, hoursAgo: 3), Ended(2, hoursAgo: 2, SiloEnd.Stopped, served: TimeSpan.FromSeconds(6))));
        Assert.Equal([1], LostOf(Ended(1, hoursAgo: 2, served: TimeSpan.FromMinutes(1)), Started(2, hoursAgo: 3)));

        // It was declared dead after the one in its place had started.
        Assert.Empty(LostOf(Ended(1, hoursAgo: 2, declaredAgo: 1), Started(3, hoursAgo: 2)));

        int[] LostOf(params (SiloAddress Silo, StoredSilo Stored)[] silos) =>
            [.. LostSilos.Find(silos.ToDictionary(one => one.Silo, one => one.Stored), Now).Select(silo => silo.Endpoint.Port)];

        (SiloAddress, StoredSilo) Begun(int port, int secondsAgo) =>
            (SiloAddress.New(IPAddress.Loopback, port, 200), new StoredSilo(SiloStatus.Active, null, Now.AddSeconds(-secondsAgo), Now));

        (SiloAddress, StoredSilo) Started(int port, int hoursAgo, SiloStatus status = SiloStatus.Active) =>
            (SiloAddress.New(IPAddress.Loopback, port, 100 - hoursAgo), new StoredSilo(status, null, Now.AddHours(-hoursAgo), Now));

        (SiloAddress, StoredSilo) Ended(int port, int hoursAgo, SiloEnd end = SiloEnd.DeclaredDead, int? declaredAgo = null, TimeSpan? served = null) => (
            SiloAddress.New(IPAddress.Loopback, port, 0),
            new StoredSilo(
                SiloStatus.Dead, null, served is { } time ? Now.AddHours(-hoursAgo).AddSeconds(-1) - time : Now.AddHours(-50), Now.AddHours(-hoursAgo).AddSeconds(-1))
            {
                End = end,
                EndedAt = Now.AddHours(-(declaredAgo ?? hoursAgo)),
            });
    }

    private static SiloAddress At(int generation) => SiloAddress.New(IPAddress.Loopback, 11111, generation);

    private static IReadOnlyList<SiloDetails> ListOf(
        (SiloAddress, SiloStatus)[] known, (SiloAddress, StoredSilo)[] stored, (SiloAddress, SiloAnswer)[] answers) => ClusterSilos.ListOf(
        known.ToDictionary(), stored.ToDictionary(), answers.ToDictionary(), Now);
}
