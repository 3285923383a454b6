using KadOrleans.GrainStorage.PostgreSql;
using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>States that are pending together. A gate holds the statements that take the places of all others.</summary>
[Needs(Need.PostgreSql)]
public sealed class StateWritesTests(PostgreSqlDatabase database) : IClassFixture<PostgreSqlDatabase>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly string _type = $"type {Guid.NewGuid()}";
    private readonly ManualTimeProvider _time = new();
    private StateWrites? _writes;

    private StateWrites Writes => _writes ??= Open();

    [Fact]
    public async Task States_that_are_pending_are_written_in_one_transaction()
    {
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var held = await HoldAsync(gate, StateWrites.MaxStatements);
        var pending = WriteAll(0, StateWrites.MaxStates + 44);
        await gate.OpenAsync();

        Assert.All(await Task.WhenAll([.. held, .. pending]), version => Assert.Equal(1, version));
        Assert.Equal(["44", "256"], await TransactionsAsync());
        Assert.All(await Task.WhenAll(WriteAll(0, 100, version: 1)), version => Assert.Equal(2, version));
    }

    [Fact]
    public async Task States_of_many_bytes_are_written_in_several_transactions_and_one_that_is_larger_by_itself()
    {
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var held = await HoldAsync(gate, StateWrites.MaxStatements);
        Task<int?>[] pending =
        [
            WriteAsync(0, bytes: StateWrites.MaxBytes / 2), WriteAsync(1, bytes: StateWrites.MaxBytes / 2),
            WriteAsync(2, bytes: StateWrites.MaxBytes + 1), WriteAsync(3), WriteAsync(4),
        ];
        await gate.OpenAsync();

        Assert.All(await Task.WhenAll([.. held, .. pending]), version => Assert.Equal(1, version));
        Assert.Equal(["1", "2", "2"], await TransactionsAsync());
    }

    [Fact]
    public async Task A_conflict_fails_its_own_state()
    {
        await WriteAsync(3);
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var held = await HoldAsync(gate, StateWrites.MaxStatements);
        var pending = WriteAll(0, 6);
        var stale = WriteAsync(7, version: 1);
        await gate.OpenAsync();
        await Task.WhenAll(held);

        Assert.Equal([1, 1, 1, null, 1, 1], await Task.WhenAll(pending));
        Assert.Null(await stale);
        Assert.Equal(["1", "5"], await TransactionsAsync());
    }

    [Fact]
    public async Task A_state_that_the_database_refuses_fails_alone()
    {
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var held = await HoldAsync(gate, StateWrites.MaxStatements);
        var before = WriteAll(0, 5);
        var refused = Writes.WriteAsync(Row(5) with { Key = Key(5) with { GrainType = new string('x', 513) } }, Timeout);
        var after = WriteAll(6, 5);
        await gate.OpenAsync();
        await Task.WhenAll(held);

        var error = await Assert.ThrowsAsync<PostgresException>(() => refused);
        Assert.Equal(PostgresErrorCodes.StringDataRightTruncation, error.SqlState);
        Assert.All(await Task.WhenAll([.. before, .. after]), version => Assert.Equal(1, version));
        Assert.Equal(Enumerable.Repeat("1", 10), await TransactionsAsync());
    }

    [Fact]
    public async Task Statements_that_hang_leave_their_places_after_two_seconds_up_to_eight_of_them()
    {
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var held = await HoldAsync(gate, StateWrites.MaxStatements + StateWrites.MaxSlow);
        _time.Advance(StateWrites.SlowAfter);
        var pending = WriteAll(0, 20);
        Assert.DoesNotContain(held, write => write.IsCompleted);
        await gate.OpenAsync();

        Assert.All(await Task.WhenAll([.. held, .. pending]), version => Assert.Equal(1, version));
        Assert.Equal(["20"], await TransactionsAsync());
    }

    [Fact]
    public async Task A_state_waits_while_it_is_under_way_and_others_do_not()
    {
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var first = WriteAsync(0);
        await gate.HeldAsync(1);
        _time.Advance(StateWrites.SlowAfter);
        var second = WriteAsync(0, bytes: 2);
        var other = WriteAsync(1);
        await gate.HeldAsync(2);
        await gate.OpenAsync();

        Assert.Equal([1, null, 1], await Task.WhenAll(first, second, other));
        Assert.Equal(2, await WriteAsync(0, version: 1));
    }

    [Fact]
    public async Task A_broken_connection_fails_the_states_of_its_statement_and_later_ones_are_written()
    {
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var held = await HoldAsync(gate, StateWrites.MaxStatements);
        var failed = Task.WhenAll([.. held.Concat(WriteAll(0, 10)).Select(write => Record.ExceptionAsync(() => write).AsTask())]);
        while (!failed.IsCompleted)
        {
            await database.Server.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted");
        }

        Assert.All(await failed, error => Assert.IsAssignableFrom<NpgsqlException>(error));
        Assert.Empty(await TransactionsAsync());

        var again = WriteAll(0, 10);
        await gate.OpenAsync();
        Assert.All(await Task.WhenAll(again), version => Assert.Equal(1, version));
    }

    [Fact]
    public async Task Pending_states_whose_timeout_has_passed_are_not_written()
    {
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var held = await HoldAsync(gate, StateWrites.MaxStatements);
        var late = Writes.WriteAsync(Row(1), TimeSpan.FromSeconds(1));
        var pending = WriteAsync(2);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<TimeoutException>((await Assert.ThrowsAsync<NpgsqlException>(() => late)).InnerException);
        await gate.OpenAsync();

        Assert.Equal([1, 1], await Task.WhenAll([pending, .. held]));
        Assert.Equal([1, null], await Task.WhenAll(WriteAll(1, 2)));
    }

    [Fact]
    public async Task Of_two_silos_that_write_the_same_states_in_other_orders_one_writes_each()
    {
        var other = Open();
        var numbers = Enumerable.Range(0, 200).ToList();
        await Task.WhenAll(WriteAll(0, numbers.Count));
        for (var version = 1; version <= 5; version++)
        {
            var forwards = numbers.ConvertAll(i => Writes.WriteAsync(Row(i, version), Timeout));
            var backwards = Enumerable.Reverse(numbers).Select(i => other.WriteAsync(Row(i, version), Timeout)).Reverse().ToList();
            await Task.WhenAll([.. forwards, .. backwards]);

            Assert.All(numbers, i => Assert.Equal([null, version + 1], new[] { forwards[i].Result, backwards[i].Result }.Order()));
        }
    }

    [Fact]
    public async Task Writes_of_the_storage_are_gathered()
    {
        var storage = PostgreSqlStorage.Own(database.Server.ConnectionString, _time);
        await using var gate = await InsertGate.CloseAsync(database.Server);
        var held = storage.WriteAsync(Samples.Grain(), "held");
        await gate.HeldAsync(1);
        var pending = Enumerable.Range(0, 50).Select(i => storage.WriteAsync(Samples.Grain(), $"{i}", _type)).ToList();
        await gate.OpenAsync();
        await Task.WhenAll([held, .. pending]);

        Assert.Equal(["50"], await TransactionsAsync());
    }

    // Statements with a state each, which wait at the gate.
    private async Task<List<Task<int?>>> HoldAsync(InsertGate gate, int statements, int before = 0)
    {
        var held = new List<Task<int?>>();
        while (held.Count < statements)
        {
            var row = Row(held.Count);
            held.Add(Writes.WriteAsync(row with { Key = row.Key with { GrainType = $"held {_type}" } }, Timeout));
            await gate.HeldAsync(before + held.Count);
            if (held.Count % StateWrites.MaxStatements == 0 && held.Count < statements)
            {
                _time.Advance(StateWrites.SlowAfter);
            }
        }

        return held;
    }

    private StateWrites Open() => new(new StateConnections(database.Server.ConnectionString, _time), _time);

    private List<Task<int?>> WriteAll(int first, int count, int? version = null) =>
        [.. Enumerable.Range(first, count).Select(i => WriteAsync(i, version))];

    private Task<int?> WriteAsync(int number, int? version = null, int bytes = 1) =>
        Writes.WriteAsync(Row(number, version) with { Payload = new byte[bytes] }, Timeout);

    private StateRow Row(int number, int? version = null) => new(Key(number), version, new byte[1]);

    private StateKey Key(int number) => new(number % 7, number, 0, 0, _type, null, "kad");

    // The number of the test's states that each transaction has written last, in order.
    private async Task<string[]> TransactionsAsync()
    {
        var counts = await database.Server.ReadAsync(
            "SELECT coalesce(string_agg(states::text, ' ' ORDER BY states), '') FROM "
            + $"(SELECT count(*) AS states FROM orleansstorage WHERE graintypestring = '{_type}' GROUP BY xmin::text) AS transactions");
        return ((string)counts!).Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }
}
