using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

public class RecordLogTests
{
    [Fact]
    public Task Puts_that_arrive_together_share_one_record_of_bounded_length() => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        var writes = records.Writes;
        var puts = Enumerable.Range(0, 1000).Select(i => shard.PutAsync(Samples.Key(i), Samples.Text($"{i}"))).ToList();

        Assert.All(await Task.WhenAll(puts), result => Assert.Equal(StoreResult.Stored, result));
        Assert.Equal(writes + 1, records.Writes);

        await shard.PutAsync([.. Enumerable.Range(0, 200).Select(i => (Samples.Key(i), Samples.Sized(8000)))]);
        Assert.Equal(writes + 5, records.Writes);
        Assert.Equal(1000, (await EngineHost.ActivateAsync(records)).Log.Shard.Count);
    });

    [Fact]
    public Task A_failed_write_fails_exactly_its_puts() => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        await shard.PutAsync(Samples.Key(1), Samples.Text("old"));
        records.OnWrite = _ => WriteFault.NotDone;
        var failed = await shard.PutAsync((Samples.Key(1), Samples.Text("new")), (Samples.Key(2), Samples.Text("new")));
        Assert.Equal([StoreResult.StorageFailed, StoreResult.StorageFailed], failed);
        Assert.Equal(Samples.Text("old"), (await shard.ReadAsync(Samples.Key(1)))[0]);
        Assert.Equal(1, shard.Log.Shard.Count);
        await Assert.ThrowsAsync<IOException>(() => shard.RemoveAsync(Samples.Key(1)));

        records.OnWrite = _ => WriteFault.None;
        Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(3), Samples.Text("later")));
        Assert.Equal(await shard.ReadAllAsync(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    });

    [Theory]
    [InlineData((int)WriteFault.Done)]
    [InlineData((int)WriteFault.DoneTwice)]
    public Task A_write_that_only_seemed_to_fail_is_acknowledged(int fault) => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        await shard.PutAsync(Samples.Key(1), Samples.Text("a"));
        records.OnWrite = _ => (WriteFault)fault;

        Assert.True(await shard.RemoveAsync(Samples.Key(1)));
        Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(2), Samples.Text("b")));
        Assert.Equal([Samples.Key(2)], (await EngineHost.ActivateAsync(records)).Log.Shard.Enumerate().Select(held => held.Key));
    });

    [Theory]
    [InlineData((int)WriteFault.NotDone)]
    [InlineData((int)WriteFault.Done)]
    [InlineData((int)WriteFault.DoneTwice)]
    public Task What_counts_is_what_storage_has_whatever_became_of_a_write(int fault) => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        await shard.PutAsync((Samples.Key(1), Samples.Text("a")), (Samples.Key(2), Samples.Text("b")));
        records.OnWrite = _ => (WriteFault)fault;

        await shard.PutAsync((Samples.Key(1), Samples.Text("longer")), (Samples.Key(3), Samples.Text("new")));

        Assert.Equal(UsageOf(await EngineHost.ActivateAsync(records)), UsageOf(shard));
    });

    [Fact]
    public Task A_doubtful_write_is_resolved_before_the_next_one() => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        (records.OnWrite, records.FailRead) = (_ => WriteFault.Done, _ => true);
        Assert.Equal(StoreResult.StorageFailed, await shard.PutAsync(Samples.Key(1), Samples.Text("a")));
        Assert.Equal(StoreResult.StorageFailed, await shard.PutAsync(Samples.Key(2), Samples.Text("b")));
        Assert.Equal(0, shard.Log.Shard.Count);

        (records.OnWrite, records.FailRead) = (_ => WriteFault.None, _ => false);
        Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(3), Samples.Text("c")));

        Assert.Superset(
            new HashSet<NodeId> { Samples.Key(1), Samples.Key(3) }, shard.Log.Shard.Enumerate().Select(held => held.Key).ToHashSet());
        Assert.Equal(await shard.ReadAllAsync(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    });

    [Fact]
    public Task Of_two_activations_the_later_one_writes_and_the_other_fails_from_then_on() => EngineHost.RunAsync(async () =>
    {
        var (records, one) = await EngineHost.StartAsync();
        Assert.Equal(StoreResult.Stored, await one.PutAsync(Samples.Key(1), Samples.Text("one")));
        var other = await EngineHost.ActivateAsync(records);
        Assert.Equal(Samples.Text("one"), (await other.ReadAsync(Samples.Key(1)))[0]);

        Assert.Equal(StoreResult.StorageFailed, await one.PutAsync(Samples.Key(2), Samples.Text("too late")));
        Assert.Equal((true, false), (one.Log.IsSuperseded, other.Log.IsSuperseded));
        await Assert.ThrowsAsync<IOException>(() => one.RemoveAsync(Samples.Key(1)));
        Assert.Equal(StoreResult.StorageFailed, await one.PutAsync(Samples.Key(1), Samples.Text("one")));
        Assert.Null(one.Log.Save());

        Assert.Equal(StoreResult.Stored, await other.PutAsync(Samples.Key(2), Samples.Text("other")));
        Assert.Equal(await other.ReadAllAsync(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300)]
    public Task What_a_frozen_activation_had_under_way_is_acknowledged_only_if_the_next_one_has_it(int puts) => EngineHost.RunAsync(async () =>
    {
        var (records, frozen) = await EngineHost.StartAsync();
        await frozen.PutAsync(Samples.Key(1), Samples.Text("before"));
        var (reached, thaw) = (new TaskCompletionSource(), new TaskCompletionSource());
        records.BeforeWrite = _ =>
        {
            reached.TrySetResult();
            return thaw.Task;
        };
        var onItsWay = frozen.PutOnlyAsync((Samples.Key(1), Samples.Text("frozen")));
        await reached.Task;
        var waits = frozen.PutOnlyAsync((Samples.Key(2), Samples.Text("frozen")));
        records.BeforeWrite = _ => Task.CompletedTask;

        // It may write nothing, or so much that the log is compacted into pages.
        var next = await EngineHost.ActivateAsync(records);
        for (var i = 0; i < puts; i++)
        {
            await next.PutAsync(Samples.Key(100 + i), Samples.Text("next"));
        }

        thaw.SetResult();
        Assert.Equal([StoreResult.StorageFailed, StoreResult.StorageFailed], [.. await onItsWay, .. await waits]);
        Assert.Equal(StoreResult.StorageFailed, await frozen.PutAsync(Samples.Key(3), Samples.Text("frozen")));
        var held = await next.ReadAsync(Samples.Key(1), Samples.Key(2), Samples.Key(3));
        Assert.Equal((Samples.Text("before"), null, null), (held[0], held[1], held[2]));
        Assert.Equal(StoreResult.Stored, await next.PutAsync(Samples.Key(3), Samples.Text("next")));
        Assert.Equal(await next.ReadAllAsync(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_activation_that_was_frozen_while_it_began_does_not_begin(bool nextClaims) => EngineHost.RunAsync(async () =>
    {
        var (records, _) = await EngineHost.StartAsync();
        var (loaded, thaw) = (new TaskCompletionSource(), new TaskCompletionSource());
        var frozen = EngineHost.ActivateAsync(records, confirm: () =>
        {
            loaded.SetResult();
            return thaw.Task;
        });
        await loaded.Task;
        records.OnWrite = _ => nextClaims ? WriteFault.None : WriteFault.NotDone;
        var next = await EngineHost.ActivateAsync(records);
        records.OnWrite = _ => WriteFault.None;
        thaw.SetResult();

        if (nextClaims)
        {
            await Assert.ThrowsAsync<StorageConflictException>(() => frozen);
            Assert.Equal(StoreResult.Stored, await next.PutAsync(Samples.Key(1), Samples.Text("next")));
        }
        else
        {
            // The log is its own before the next one writes anything, which then ends.
            Assert.Equal(StoreResult.Stored, await (await frozen).PutAsync(Samples.Key(1), Samples.Text("frozen")));
            Assert.Equal(StoreResult.StorageFailed, await next.PutAsync(Samples.Key(1), Samples.Text("next")));
        }
    });

    [Fact]
    public Task An_activation_of_a_silo_that_is_dead_for_the_others_or_was_given_up_takes_no_log() => EngineHost.RunAsync(async () =>
    {
        var (records, owner) = await EngineHost.StartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => EngineHost.ActivateAsync(records, confirm: () => throw new InvalidOperationException("dead")));
        Assert.Equal(StoreResult.Stored, await owner.PutAsync(Samples.Key(1), Samples.Text("a")));

        var cache = new ValueCache(1 << 20);
        using var givenUp = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => EngineHost.ActivateAsync(records, cache: cache, confirm: givenUp.CancelAsync, cancellationToken: givenUp.Token));
        Assert.Empty(cache.Active);
    });

    [Fact]
    public Task What_moves_from_an_activation_that_never_owned_the_log_does_not_own_it() => EngineHost.RunAsync(async () =>
    {
        var (records, frozen) = await EngineHost.StartAsync();
        records.OnWrite = _ => WriteFault.NotDone;
        var next = await EngineHost.ActivateAsync(records);
        var moved = await EngineHost.ActivateAsync(records, moved: next.Log.Save());
        records.OnWrite = _ => WriteFault.None;
        await moved.Engine.ClaimAsync();

        Assert.Equal(StoreResult.StorageFailed, await frozen.PutAsync(Samples.Key(1), Samples.Text("frozen")));
        Assert.Equal(StoreResult.Stored, await moved.PutAsync(Samples.Key(1), Samples.Text("moved")));
    });

    [Theory]
    [InlineData((int)WriteFault.Done)]
    [InlineData((int)WriteFault.DoneTwice)]
    [InlineData((int)WriteFault.DoneLater)]
    public Task A_claim_whose_answer_is_lost_is_the_activations_own(int fault) => EngineHost.RunAsync(async () =>
    {
        var (records, one) = await EngineHost.StartAsync();
        records.OnWrite = _ => (WriteFault)fault;
        var other = await EngineHost.ActivateAsync(records);
        records.OnWrite = _ => WriteFault.None;
        records.ArriveLate();

        Assert.Equal(StoreResult.Stored, await other.PutAsync(Samples.Key(1), Samples.Text("other")));
        Assert.Equal(StoreResult.StorageFailed, await one.PutAsync(Samples.Key(2), Samples.Text("one")));
        Assert.Equal((true, true), (other.Log.IsOwner, one.Log.IsSuperseded));
    });

    [Fact]
    public Task A_superseded_activation_does_not_say_that_there_is_nothing_to_remove() => EngineHost.RunAsync(async () =>
    {
        var (records, frozen) = await EngineHost.StartAsync();
        var other = await EngineHost.ActivateAsync(records);
        await other.PutAsync(Samples.Key(1), Samples.Text("other"));
        var superseded = 0;
        frozen.Engine.Superseded += () => superseded++;

        await Assert.ThrowsAsync<IOException>(() => frozen.RemoveAsync(Samples.Key(1)));
        await frozen.Completion;
        Assert.Equal(1, superseded);
        await Assert.ThrowsAsync<IOException>(() => frozen.Engine.UnpublishAsync([Samples.Key(1)]));
        Assert.True(await other.RemoveAsync(Samples.Key(1)));
        Assert.False(await other.RemoveAsync(Samples.Key(1)));
    });

    /// <summary>Writes of all that were ever active wait in storage and end in any order, while others become active.</summary>
    [Fact]
    public void A_get_at_the_newest_activation_sees_all_that_was_acknowledged()
    {
        const int Seeds = 60;
        var acknowledged = 0;
        Randomized.ForSeeds(Seeds, random => EngineHost.RunAsync(async () => acknowledged += await TakeTurnsAsync(random)).GetAwaiter().GetResult());
        Assert.InRange(acknowledged, 10 * Seeds, 110 * Seeds);
    }

    private static async Task<int> TakeTurnsAsync(SeededRandomSource random)
    {
        var (records, newest) = await EngineHost.StartAsync();
        var (hosts, held, acknowledged) = (new List<EngineHost> { newest }, new List<TaskCompletionSource>(), 0);
        var (last, calls) = (new Dictionary<NodeId, HashSet<StoredValue?>>(), new List<Task>());
        for (var step = 0; step < 120; step++)
        {
            if (random.Next(12) == 0)
            {
                records.BeforeWrite = _ => Task.CompletedTask;
                hosts.Add(newest = await EngineHost.ActivateAsync(records));
            }

            records.BeforeWrite = _ => random.Next(2) == 0 ? Task.CompletedTask : Hold();
            calls.Add(PutAsync(hosts[random.Next(hosts.Count)], Samples.Key(step), Samples.Text($"{step}")));
            if (held.Count > 0 && random.Next(2) == 0)
            {
                var index = random.Next(held.Count);
                held[index].SetResult();
                held.RemoveAt(index);
            }

            await Task.Yield();
            foreach (var (key, possible) in last)
            {
                Assert.Contains((await newest.ReadAsync(key))[0], possible);
            }
        }

        held.ForEach(one => one.SetResult());
        records.BeforeWrite = _ => Task.CompletedTask;
        await Task.WhenAll(calls);
        return acknowledged;

        Task Hold()
        {
            var one = new TaskCompletionSource();
            held.Add(one);
            return one.Task;
        }

        async Task PutAsync(EngineHost host, NodeId key, StoredValue value)
        {
            last[key] = [null, value];
            if ((await host.PutOnlyAsync((key, value)))[0] == StoreResult.Stored)
            {
                last[key] = [value];
                acknowledged++;
            }
        }
    }

    [Fact]
    public Task While_storage_takes_no_writes_a_shard_is_read_and_claims_its_log_later() => EngineHost.RunAsync(async () =>
    {
        var (records, one) = await EngineHost.StartAsync();
        await one.PutAsync(Samples.Key(1), Samples.Text("one"));
        records.OnWrite = _ => WriteFault.NotDone;
        var other = await EngineHost.ActivateAsync(records);
        Assert.Equal(Samples.Text("one"), (await other.ReadAsync(Samples.Key(1)))[0]);

        records.OnWrite = _ => WriteFault.None;
        await other.Engine.ClaimAsync();
        var writes = records.Writes;
        await other.Engine.ClaimAsync();
        Assert.Equal(writes, records.Writes);
        Assert.Equal(StoreResult.StorageFailed, await one.PutAsync(Samples.Key(1), Samples.Text("too late")));
        Assert.Equal((true, true), (one.Log.IsSuperseded, other.Log.IsOwner));
    });

    [Fact]
    public Task A_put_that_is_too_old_or_overtaken_is_refused() => EngineHost.RunAsync(async () =>
    {
        var shard = await EngineHost.ActivateAsync(new FakeRecords());
        shard.Clock.Advance(Put.MaxAge);
        Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(1), At("just in time", 0)));

        shard.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(StoreResult.Late, await shard.PutAsync(Samples.Key(2), At("too late", 0)));
        Assert.Equal(StoreResult.Overtaken, await shard.PutAsync(Samples.Key(1), At("overtaken", -1)));
        Assert.Equal([Samples.Key(1)], shard.Log.Shard.Enumerate().Select(held => held.Key));
    });

    [Fact]
    public Task Beyond_the_waiting_puts_of_a_shard_a_put_is_refused_at_once() => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        var (reached, thaw) = (new TaskCompletionSource(), new TaskCompletionSource());
        records.BeforeWrite = _ =>
        {
            reached.TrySetResult();
            return thaw.Task;
        };
        var written = shard.PutOnlyAsync((Samples.Key(0), Samples.Text("written")));
        await reached.Task;
        var waiting = shard.PutOnlyAsync([.. Enumerable.Repeat((Samples.Key(1), Samples.Text("waits")), ShardWriter.MaxWaiting)]);

        Assert.Equal([StoreResult.Busy], await shard.PutOnlyAsync((Samples.Key(2), Samples.Text("too many"))));

        thaw.SetResult();
        Assert.All([.. await written, .. await waiting], result => Assert.Equal(StoreResult.Stored, result));
    });

    [Fact]
    public Task A_superseded_activation_does_not_confirm_its_old_values() => EngineHost.RunAsync(async () =>
    {
        var (records, overtaken) = await EngineHost.StartAsync();
        await overtaken.PutAsync(Samples.Key(1), Samples.Text("first"));
        var other = await EngineHost.ActivateAsync(records);
        await other.PutAsync(Samples.Key(1), Samples.Text("second"));

        Assert.Equal(StoreResult.StorageFailed, await overtaken.PutAsync(Samples.Key(1), Samples.Text("first")));
        Assert.Equal(Samples.Text("second"), (await (await EngineHost.ActivateAsync(records)).ReadAsync(Samples.Key(1)))[0]);
    });

    [Fact]
    public Task Held_values_are_confirmed_by_one_read_and_not_while_storage_fails() => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        (NodeId, StoredValue)[] puts = [.. Enumerable.Range(0, 100).Select(i => (Samples.Key(i), Samples.Text("same")))];
        await shard.PutAsync(puts);
        var (reads, writes) = (records.Reads, records.Writes);

        Assert.All(await shard.PutAsync(puts), result => Assert.Equal(StoreResult.Stored, result));
        Assert.Equal((reads + 1, writes), (records.Reads, records.Writes));

        records.FailRead = _ => true;
        Assert.All(await shard.PutAsync(puts), result => Assert.Equal(StoreResult.StorageFailed, result));
        records.FailRead = _ => false;
        Assert.All(await shard.PutAsync(puts), result => Assert.Equal(StoreResult.Stored, result));
    });

    [Fact]
    public Task Rows_stay_bounded_and_few() => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        for (var i = 0; i < 3000; i++)
        {
            Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(i % 500), Samples.Text($"{i}")));
        }

        Assert.InRange(records.Names.Count, 1, LogRing.Slots + 1 + 8);
        Assert.InRange(records.Writes, 3000, 3300);
        Assert.Equal(await shard.ReadAllAsync(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    });

    [Fact]
    public Task Overwritten_and_removed_values_do_not_pile_up() => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        for (var i = 0; i < 600; i++)
        {
            await shard.PutAsync([.. Enumerable.Range(0, 10).Select(j => (Samples.Key(j), Samples.Sized(2000)))]);
        }

        // 12 MB were written, 20 kB live: a log not yet compacted, its pages, and the slots' leftovers.
        Assert.InRange(records.Bytes, 0, 9 << 19);
        for (var i = 0; i < 10; i++)
        {
            await shard.RemoveAsync(Samples.Key(i));
        }

        Assert.Empty((await EngineHost.ActivateAsync(records)).Log.Shard.Values);
    });

    [Fact]
    public Task Puts_go_on_while_compactions_fail_until_the_log_is_full_and_again_once_they_do_not() => EngineHost.RunAsync(async () =>
    {
        var records = new FakeRecords { OnWrite = name => name == RecordNames.Manifest ? WriteFault.NotDone : WriteFault.None };
        var shard = await EngineHost.ActivateAsync(records);
        var stored = 0;
        while (await shard.PutAsync(Samples.Key(stored), Samples.Text("x")) == StoreResult.Stored)
        {
            stored++;
        }

        // One has the claim.
        Assert.Equal(LogRing.Slots - RecordLog.ClaimSlots - 1, stored);
        var usage = UsageOf(shard);
        Assert.NotEqual(StoreResult.Stored, await shard.PutAsync(Samples.Key(0), Samples.Text("longer")));
        Assert.Equal(usage, UsageOf(shard));
        records.OnWrite = name => name == RecordNames.Log(stored + 2) ? WriteFault.None : WriteFault.NotDone;
        shard = await EngineHost.ActivateAsync(records);
        Assert.Equal((stored, true), (shard.Log.Shard.Count, shard.Log.IsOwner));
        await shard.Completion;
        records.OnWrite = _ => WriteFault.None;
        shard = await EngineHost.ActivateAsync(records);
        Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(stored), Samples.Text("x")));
        Assert.Equal(stored + 1, (await EngineHost.ActivateAsync(records)).Log.Shard.Count);
    });

    [Fact]
    public Task Puts_go_on_while_a_compaction_writes_until_the_log_is_full_and_none_is_lost() => EngineHost.RunAsync(async () =>
    {
        var gate = new TaskCompletionSource();
        var records = new FakeRecords
        {
            BeforeWrite = name => name.StartsWith("kad-shard-page", StringComparison.Ordinal) ? gate.Task : Task.CompletedTask,
        };
        var shard = await EngineHost.ActivateAsync(records);
        for (var i = 1; i < LogRing.Slots - RecordLog.ClaimSlots; i++)
        {
            // Compacted, waiting to be, and changed again in between.
            Assert.Equal([StoreResult.Stored], await shard.PutOnlyAsync((Samples.Key(i % 100), Samples.Sized(i % 7 == 0 ? 5000 : i))));
        }

        Assert.False(shard.Log.Compacting.IsCompleted);
        var waiting = Enumerable.Range(0, 50).Select(i => shard.PutOnlyAsync((Samples.Key(1000 + i), Samples.Text($"{i}")))).ToList();
        gate.SetResult();
        Assert.All(await Task.WhenAll(waiting), results => Assert.Equal([StoreResult.Stored], results));
        await shard.Completion;
        Assert.Equal(150, shard.Log.Shard.Count);
        Assert.Equal(await shard.ReadAllAsync(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());

        // The next compaction has what was appended during the one before.
        for (var i = 0; i < 120; i++)
        {
            await shard.PutAsync(Samples.Key(2000), Samples.Text($"{i}"));
        }

        Assert.Equal(await shard.ReadAllAsync(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    });

    [Fact]
    public Task A_page_of_another_compaction_than_the_manifest_says_is_never_taken_for_it() => EngineHost.RunAsync(async () =>
    {
        var records = new FakeRecords();
        records.Set(RecordNames.Manifest, new Manifest { Compaction = 2, Pages = [new PageReference(0, 1)] });
        records.Set("kad-shard-page-000000", new PageRecord { Compaction = 2 });
        await Assert.ThrowsAsync<InvalidOperationException>(() => EngineHost.ActivateAsync(records));
    });

    private static StoredValue At(string text, int seconds) =>
        Samples.Text(text) with { StoredAt = Samples.Now + TimeSpan.FromSeconds(seconds) };

    private static (int Keys, long Bytes, int CountedKeys, long CountedBytes) UsageOf(EngineHost host)
    {
        var shard = host.Log.Shard;
        return (shard.Count, shard.Bytes, shard.Accounts.Keys, shard.Accounts.Bytes);
    }
}
