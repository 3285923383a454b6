using KadOrleans.GrainStorage.PostgreSql;
using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Grain storage whose connections end, break or stand still.</summary>
[Needs(Need.PostgreSql)]
public sealed class PostgreSqlConnectionTests(PostgreSqlDatabase database) : IClassFixture<PostgreSqlDatabase>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly GrainId _grain = Samples.Grain();
    private readonly ManualTimeProvider _time = new();

    private readonly string _name = $"test-{Guid.NewGuid():N}";

    [Fact]
    public async Task Connections_that_the_server_ended_while_they_were_idle_cost_no_call()
    {
        var storage = Open(database.Server.ConnectionString);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => storage.ReadAsync(Samples.Grain())));
        var state = await storage.WriteAsync(_grain, "first");

        await EndAllAsync();
        state.State!.Text = "second";
        await storage.WriteStateAsync(Samples.Name, _grain, state);
        await EndAllAsync();
        Assert.Equal(("second", state.ETag), ((await storage.ReadAsync(_grain)).State!.Text, state.ETag));
        await EndAllAsync();
        await storage.ClearStateAsync(Samples.Name, _grain, state);
        Assert.False((await storage.ReadAsync(_grain)).RecordExists);
    }

    [Fact]
    public async Task Connections_that_were_forgotten_on_the_way_while_they_were_idle_cost_no_call()
    {
        await using var relay = DatabaseRelay.Before(database.Server.ConnectionString);
        var storage = Open($"{relay.ConnectionString};Command Timeout=0");
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => storage.ReadAsync(Samples.Grain())));

        relay.Forget();
        _time.Advance(StateConnections.ProofAfter);
        var state = await InVirtualTimeAsync(storage.WriteAsync(_grain, "first"));
        relay.Forget();
        _time.Advance(StateConnections.ProofAfter);
        Assert.Equal(("first", state.ETag), ((await InVirtualTimeAsync(storage.ReadAsync(_grain))).State!.Text, state.ETag));
    }

    [Fact]
    public async Task A_write_whose_connection_broke_is_made_again_and_the_first_one_that_ended_left_nothing()
    {
        await using var relay = DatabaseRelay.Before(database.Server.ConnectionString);
        var storage = Open(relay.ConnectionString);
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var writing = storage.WriteAsync(_grain, "mine");
        await gate.HeldAsync(1);
        relay.Break();
        await gate.HeldAsync(2);

        await database.Server.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
        await gate.OpenAsync();

        Assert.Equal("1", (await writing).ETag);
        var read = await storage.ReadAsync(_grain);
        Assert.Equal(("mine", "1"), (read.State!.Text, read.ETag));
    }

    [Fact]
    public async Task A_write_whose_connection_broke_and_that_was_committed_after_all_is_unclear_and_no_conflict()
    {
        await using var relay = DatabaseRelay.Before(database.Server.ConnectionString);
        var storage = Open(relay.ConnectionString);
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var writing = Record.ExceptionAsync(() => storage.WriteAsync(_grain, "mine"));
        await gate.HeldAsync(1);
        relay.Break();
        await gate.HeldAsync(2);
        await gate.OpenAsync();

        var failure = await writing;
        Assert.IsAssignableFrom<NpgsqlException>(failure);
        Assert.False(WriteOutcome.IsConflict(failure!));
        var read = await storage.ReadAsync(_grain);
        Assert.Equal(("mine", "1"), (read.State!.Text, read.ETag));
    }

    [Fact]
    public async Task Behind_statements_that_hang_a_write_ends_in_its_time_and_is_not_made_later()
    {
        var storage = Open(database.Server.ConnectionString);
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var taken = new List<Task>();
        while (taken.Count < StateWrites.MaxStatements + StateWrites.MaxSlow)
        {
            taken.Add(storage.WriteAsync(Samples.Grain(), "taken"));
            await gate.HeldAsync(taken.Count);
            _time.Advance(StateWrites.SlowAfter);
        }

        var grains = Enumerable.Range(0, 20).Select(_ => Samples.Grain()).ToList();
        var waiting = grains.ConvertAll(grain => storage.WriteAsync(grain, "late"));
        _time.Advance(Timeout);

        Assert.All(await FailuresAsync(taken), late => Assert.StartsWith("Whether the state was written is unknown: ", late.Message, StringComparison.Ordinal));
        Assert.All(await FailuresAsync(waiting), late => Assert.StartsWith("The state was not written: ", late.Message, StringComparison.Ordinal));
        await gate.OpenAsync();
        foreach (var grain in grains)
        {
            Assert.Equal("1", (await storage.WriteAsync(grain, "in time")).ETag);
        }
    }

    [Fact]
    public async Task While_the_database_hangs_a_read_and_a_clearing_end_in_their_time()
    {
        await using var relay = DatabaseRelay.Before(database.Server.ConnectionString);
        var storage = Open(relay.ConnectionString);
        var state = await storage.WriteAsync(_grain, "before");
        relay.Hold();
        Task[] calls = [storage.ReadAsync(_grain), storage.ClearStateAsync(Samples.Name, _grain, state)];
        _time.Advance(Timeout);

        await FailuresAsync(calls);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task After_a_failover_the_first_read_and_the_first_write_reach_the_new_primary()
    {
        await using var pair = await PostgreSqlPair.StartAsync(await PostgreSqlServer.StartAsync());
        var storage = Open(pair.ConnectionString);
        var state = await storage.WriteAsync(_grain, "first");
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => storage.ReadAsync(Samples.Grain())));
        await pair.FailOverAsync();
        await pair.RejoinAsync();

        state.State!.Text = "second";
        await storage.WriteStateAsync(Samples.Name, _grain, state);
        Assert.Equal("second", (await storage.ReadAsync(_grain)).State!.Text);
    }

    // With connections of the test's own.
    private IGrainStorage Open(string connectionString) => PostgreSqlStorage.Own($"{connectionString};Application Name={_name}", _time);

    // The clock goes on while the calls of the driver take their time.
    private async Task<T> InVirtualTimeAsync<T>(Task<T> call)
    {
        while (!call.IsCompleted)
        {
            await database.Server.ReadAsync("SELECT 1");
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        return await call;
    }

    private static async Task<NpgsqlException[]> FailuresAsync(IEnumerable<Task> calls)
    {
        var failures = await Task.WhenAll(calls.Select(call => Assert.ThrowsAsync<NpgsqlException>(() => call)));
        Assert.All(failures, failure => Assert.IsType<TimeoutException>(failure.InnerException));
        return failures;
    }

    // As an administrator or a restart of the server ends them.
    private async Task EndAllAsync()
    {
        object? left;
        do
        {
            left = await database.Server.ReadAsync(
                $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{_name}'");
        }
        while (left is not 0L);
    }
}
