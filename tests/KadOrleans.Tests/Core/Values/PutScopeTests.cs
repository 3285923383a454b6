namespace KadOrleans.Tests.Core;

/// <summary>What a put may change that shows no write token, and who pays for it.</summary>
public sealed class PutScopeTests
{
    private const int Life = 10_000;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NodeId Key = NodeId.FromKey("key");
    private static readonly SourceNetwork Alice = SourceNetwork.Of(UdpEndpoint.Parse("198.51.100.7:1"));
    private static readonly SourceNetwork Bob = SourceNetwork.Of(UdpEndpoint.Parse("203.0.113.7:1"));
    private static readonly SourceNetwork[] Sources = [SourceNetwork.Trusted, Alice, Alice.WithProof(true), Bob, Bob.WithProof(true)];
    private static readonly PutKind[] Kinds = [PutKind.Publication, PutKind.Copy, PutKind.WithLife];

    /// <summary>Each held value, each offer to it, and each scope.</summary>
    private static IEnumerable<(StoredValue Held, StoredValue Offered, PutKind Kind)> Cases =>
        from heldSource in Sources
        from heldIsAuthored in new[] { false, true }
        from source in Sources
        from isAuthored in new[] { false, true }
        from length in new[] { 1, 2 }
        from life in new[] { 0, Life / 3, Life, Life + 90, 3 * Life }
        from secondsLater in new[] { 1, Life / 4, Life - 10, Life + 1 }
        from kind in Kinds
        select (
            Value(heldSource, 1, 0, Life, heldIsAuthored),
            Value(source, length, secondsLater, life, isAuthored),
            kind);

    [Fact]
    public void Within_its_scope_a_put_is_decided_as_without_one() => Assert.All(Cases, one =>
    {
        var isAlive = !one.Held.IsExpired(one.Offered.StoredAt);
        var free = Decide(one.Held, one.Offered, one.Kind);
        AssertSame(free, Decide(one.Held, one.Offered, new PutTerms(one.Kind) { Scope = PutScope.Anything }));
        if (!isAlive || !one.Held.IsAuthored)
        {
            AssertSame(free, Decide(one.Held, one.Offered, new PutTerms(one.Kind) { Scope = PutScope.Unauthored }));
        }

        if (!isAlive)
        {
            AssertSame(free, Decide(one.Held, one.Offered, new PutTerms(one.Kind) { Scope = PutScope.Nothing }));
        }
    });

    [Fact]
    public void Out_of_its_scope_a_put_changes_no_content_no_source_no_mark_and_the_life_as_any_holders_renewal_alone() => Assert.All(Cases, one =>
    {
        if (one.Held.IsExpired(one.Offered.StoredAt))
        {
            return;
        }

        PutScope[] scopes = one.Held.IsAuthored ? [PutScope.Unauthored, PutScope.Nothing] : [PutScope.Nothing];
        foreach (var scope in scopes)
        {
            // Whoever shows no token has neither a proven source nor an author's value.
            var offered = one.Offered with { Source = one.Offered.Source.Address, IsAuthored = false };
            var decision = Decide(one.Held, offered, new PutTerms(one.Kind) { Scope = scope });
            if (offered.Value != one.Held.Value)
            {
                Assert.Null(decision.Held);
                Assert.Contains(decision.Result, new[] { Refusal(one.Held, offered), StoreResult.Outdated });
                Assert.Equal(Decide(one.Held, offered, one.Kind).Result == StoreResult.Stored, decision.Result != StoreResult.Outdated);
                continue;
            }

            if (decision.Held is not { } held)
            {
                Assert.Contains(decision.Result, new[] { Refusal(one.Held, offered), StoreResult.Outdated });
                continue;
            }

            Assert.Equal(
                (one.Held.Value, one.Held.Source, one.Held.IsAuthored, one.Held.PublishedAt),
                (held.Value, held.Source, held.IsAuthored, held.PublishedAt));
            var isOrdinary = one.Kind == PutKind.Publication
                && 2 * one.Held.LifeLeft(offered.StoredAt) >= offered.LifeLeft(offered.StoredAt);
            Assert.InRange(held.ExpiresAt, one.Held.ExpiresAt, isOrdinary && offered.ExpiresAt > one.Held.ExpiresAt ? offered.ExpiresAt : one.Held.ExpiresAt);
        }
    });

    [Fact]
    public void A_copy_of_the_same_value_makes_nobody_its_author() => Assert.All(Cases, one =>
    {
        if (one.Offered.Value == one.Held.Value && Decide(one.Held, one.Offered, one.Kind).Held is { } held && !one.Held.IsExpired(one.Offered.StoredAt))
        {
            var isOwn = one.Offered.Source.IsTrusted || one.Offered.Source.Address == one.Held.Source.Address;
            var isAuthors = one.Offered.IsAuthored && isOwn && IsOwnOrTrusted(one.Held, one.Offered);
            var isTaken = one.Kind is PutKind.Publication or PutKind.WithLife
                && one.Offered is { IsAuthored: true, Source.IsProven: true }
                && one.Held is { Source.IsTrusted: false };
            Assert.Equal(one.Held.IsAuthored || isAuthors || isTaken, held.IsAuthored);
        }
    });

    /// <summary>
    /// A forger replaces a value and puts it back: then it looks as before, and is nobody's. Its author's next publication takes it back, at no
    /// cost; that of anybody else costs what a change costs.
    /// </summary>
    [Fact]
    public void A_value_that_was_replaced_and_put_back_is_its_authors_again_once_he_publishes_it()
    {
        var (author, other) = (Alice.WithProof(true), Bob.WithProof(true));
        var shard = new KeyShard(StoreQuota.Unlimited with { ChangesPerSource = 1 });
        var keys = Enumerable.Range(0, 3).Select(Samples.Key).ToList();
        keys.ForEach(key => shard.Restore(key, Value(author, 1, 0, Life) with { IsAuthored = true }));
        foreach (var key in keys)
        {
            shard.Restore(key, Value(author, 1, 0, Life) with { IsAuthored = true });
            var forged = SourceNetwork.Of(UdpEndpoint.Parse($"203.0.113.{keys.IndexOf(key)}:1"));
            Assert.Equal(StoreResult.Stored, shard.Put(key, Value(forged, 2, 1, Life)));
            Assert.Equal(StoreResult.Stored, shard.Put(key, Value(forged, 1, 2, Life)));
            Assert.False(shard.Read(key)!.IsAuthored);
        }

        // All of his, though he has but one change.
        foreach (var key in keys)
        {
            Assert.Equal(StoreResult.Stored, shard.Put(key, Value(author, 1, 3, Life) with { IsAuthored = true }));
            Assert.Equal((author, true), (shard.Read(key)!.Source, shard.Read(key)!.IsAuthored));
        }

        // Of nobody's values another one gets as many as it may change, and the rest stay as they are.
        keys = [.. Enumerable.Range(10, 3).Select(Samples.Key)];
        keys.ForEach(key => shard.Restore(key, Value(Alice, 1, 0, Life)));
        var taken = keys.Count(key => shard.Put(key, Value(other, 1, 3, Life) with { IsAuthored = true }) == StoreResult.Stored && shard.Read(key)!.IsAuthored);
        Assert.Equal(1, taken);
        Assert.All(keys.Skip(1), key => Assert.Equal(Alice, shard.Read(key)!.Source));
    }

    /// <summary>A forged address uses up nothing of what its owner may do with a token: neither changes nor keys, nor those of its subnet.</summary>
    [Fact]
    public void Nobody_pays_for_what_was_written_in_its_name()
    {
        const int most = 5;
        List<NodeId> keys = [.. Enumerable.Range(0, 2 * most).Select(Samples.Key)];
        var proven = Alice.WithProof(true);
        var neighbour = SourceNetwork.Of(UdpEndpoint.Parse("198.51.100.8:1")).WithProof(true);

        Assert.Equal((most, most, 0), Change(StoreQuota.Unlimited with { ChangesPerSource = most }, Alice, proven, Alice));
        Assert.Equal((most, most, 0), Change(StoreQuota.Unlimited with { ChangesPerSubnet = most }, Alice, proven, neighbour));

        var shard = new KeyShard(StoreQuota.Unlimited with { KeysPerSource = most });
        Assert.Equal((most, most, 0), (Store(Alice, 0), Store(proven, 100), Store(Alice, 200)));

        (int, int, int) Change(StoreQuota quota, SourceNetwork first, SourceNetwork second, SourceNetwork third)
        {
            shard = new KeyShard(quota);
            keys.ForEach(key => shard.Restore(key, Value(Bob, 1, 0, Life)));
            return (Count(first), Count(second), Count(third));
        }

        // Each to a content of its own, so that all would be changes.
        int Count(SourceNetwork source) => keys.Count(key => shard.Put(key, Value(source, 2 + keys.IndexOf(key), 1, Life)) == StoreResult.Stored
            && shard.Read(key)!.Source == source && Undo(key));

        // The next source meets the same values.
        bool Undo(NodeId key)
        {
            shard.Restore(key, Value(Bob, 1, 0, Life));
            return true;
        }

        int Store(SourceNetwork source, int from) => Enumerable.Range(from, 2 * most)
            .Count(i => shard.Put(Samples.Key(i), Value(source, 1, 1, Life)) == StoreResult.Stored);
    }

    [Fact]
    public void Whoever_shows_a_token_owns_what_was_stored_in_its_name_and_not_the_other_way_round()
    {
        var shard = new KeyShard(StoreQuota.Unlimited with { ChangesPerSource = 0, ChangesPerSubnet = 0 });
        var proven = Alice.WithProof(true);
        shard.Put(Key, Value(Alice, 1, 0, Life));

        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(proven, 2, 1, Life, isAuthored: true)));
        Assert.Equal((proven, true), (shard.Read(Key)!.Source, shard.Read(Key)!.IsAuthored));

        var forged = Value(Alice, 3, 2, Life);
        Assert.Equal(StoreResult.ChangeLimitExceeded, shard.Put(Key, forged));
        Assert.Equal(StoreResult.NotOwner, shard.Put(Key, forged, new PutTerms(PutKind.Publication) { Scope = PutScope.Unauthored }));
        Assert.Equal(StoreResult.NotOwner, shard.Put(
            Key, Value(Alice, 2, 2, 100), new PutTerms(PutKind.WithLife) { Scope = PutScope.Unauthored }));
    }

    [Fact]
    public void The_former_source_takes_its_key_back_with_a_token_also_if_it_had_none_before()
    {
        var shard = new KeyShard(StoreQuota.Unlimited with { ChangesPerSource = 1 });
        shard.Put(Key, Value(Alice, 1, 0, Life));
        shard.Put(Key, Value(Bob, 2, 1, Life));
        shard.Put(Samples.Key(1), Value(Bob, 2, 1, Life));
        Assert.Equal(StoreResult.Stored, shard.Put(Samples.Key(1), Value(Alice.WithProof(true), 1, 2, Life)));

        // Its only change is used up.
        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(Alice.WithProof(true), 1, 3, Life)));
        Assert.Equal(Alice.WithProof(true), shard.Read(Key)!.Source);
    }

    /// <summary>One who shows a token takes a key, at once or after he has become the author of the very value; who had stored it has no token.</summary>
    [Theory]
    [MemberData(nameof(Returns))]
    public void Whoever_stored_a_value_without_a_token_gets_it_back_and_changes_nothing_to_another(int source, PutKind kind, bool inTwoSteps)
    {
        SourceNetwork[] owners = [Alice, SourceNetwork.Of(UdpEndpoint.Parse("10.0.0.7:1")), SourceNetwork.Trusted];
        var (owner, thief) = (owners[source], Bob.WithProof(true));
        var shard = new KeyShard(StoreQuota.Unlimited with { ChangesPerSource = 1 });
        shard.Put(Key, Value(owner, 1, 0, Life));
        if (inTwoSteps && !owner.IsTrusted)
        {
            Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(thief, 1, 1, Life, isAuthored: true)));
        }

        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(thief, 2, 2, Life, isAuthored: true)));
        var terms = new PutTerms(kind) { Scope = PutScope.Unauthored };
        Assert.Equal(StoreResult.TokenRequired, shard.Put(Key, Value(owner, 3, 3, Life), terms));
        Assert.Equal(StoreResult.TokenRequired, shard.Put(Key, Value(Alice with { Low = Alice.Low + 1 }, 1, 3, Life), terms));

        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(owner, 1, 4, Life), terms));
        Assert.Equal((owner, false, 1), (shard.Read(Key)!.Source, shard.Read(Key)!.IsAuthored, shard.Read(Key)!.Value.ContentLength));

        // Who took it pays again, and it comes back again.
        var second = SourceNetwork.Of(UdpEndpoint.Parse("192.0.2.7:1")).WithProof(true);
        Assert.Equal(StoreResult.ChangeLimitExceeded, shard.Put(Key, Value(thief, 2, 5, Life, isAuthored: true)));
        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(second, 2, 5, Life, isAuthored: true)));
        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(owner, 1, 6, Life), terms));
    }

    public static TheoryData<int, PutKind, bool> Returns => new(
        from source in Enumerable.Range(0, 3)
        from kind in new[] { PutKind.Publication, PutKind.WithLife }
        from inTwoSteps in new[] { false, true }
        select (source, kind, inTwoSteps));

    /// <summary>One takes the key with a value that ends at once: then its former source stores anew, and that is what it gets back later.</summary>
    [Fact]
    public void What_a_former_source_stores_anew_is_what_it_gets_back_the_next_time()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var thief = Bob.WithProof(true);
        var tokenless = new PutTerms(PutKind.Publication) { Scope = PutScope.Unauthored };
        shard.Put(Key, Value(Alice, 1, 0, Life));
        shard.Put(Key, Value(thief, 2, 1, 1, isAuthored: true), PutKind.WithLife);
        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(Alice, 3, 2, Life), tokenless));
        shard.Put(Key, Value(thief, 2, 3, Life, isAuthored: true));

        Assert.Equal(StoreResult.TokenRequired, shard.Put(Key, Value(Alice, 1, 4, Life), tokenless));
        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(Alice, 3, 5, Life), tokenless));
    }

    /// <summary>A change within the bound of all changes without a token leaves the claim of whoever had stored the key.</summary>
    [Fact]
    public void Another_value_in_the_name_of_a_former_source_leaves_its_claim()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        shard.Put(Key, Value(Alice, 1, 0, Life));
        shard.Put(Key, Value(Bob.WithProof(true), 2, 1, Life, isAuthored: true));
        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(Alice, 3, 2, Life)));
        shard.Put(Key, Value(Bob.WithProof(true), 2, 3, Life, isAuthored: true));

        Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(Alice, 1, 4, Life), new PutTerms(PutKind.Publication) { Scope = PutScope.Unauthored }));
    }

    /// <summary>What was written with a token comes back with one: else everybody could put an author's earlier value back.</summary>
    [Fact]
    public void What_a_source_wrote_with_a_token_it_gets_back_with_a_token_alone()
    {
        foreach (var owner in new[] { Alice.WithProof(true), SourceNetwork.Trusted })
        {
            var shard = new KeyShard(StoreQuota.Unlimited);
            shard.Put(Key, Value(owner, 1, 0, Life, isAuthored: true));
            Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(Bob.WithProof(true), 2, 1, Life, isAuthored: true)));

            Assert.Equal(
                StoreResult.TokenRequired,
                shard.Put(Key, Value(owner.Address, 1, 2, Life), new PutTerms(PutKind.Publication) { Scope = PutScope.Unauthored }));
            Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(owner, 1, 3, Life, isAuthored: true)));
        }
    }

    /// <summary>Neither a copy, which is no writer's, nor where all changes need tokens, nor over what this node or cluster wrote itself.</summary>
    [Theory]
    [InlineData(PutKind.Copy, PutScope.Unauthored, false)]
    [InlineData(PutKind.Publication, PutScope.Nothing, false)]
    [InlineData(PutKind.Publication, PutScope.Unauthored, true)]
    public void A_former_value_does_not_come_back_without_a_token(PutKind kind, PutScope scope, bool isOwn)
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        shard.Put(Key, Value(Alice, 1, 0, Life));
        shard.Put(Key, Value(Bob.WithProof(true), 2, 1, Life, isAuthored: true));
        if (isOwn)
        {
            shard.Put(Key, Value(SourceNetwork.Trusted, 2, 2, Life, isAuthored: true));
        }

        Assert.Equal(StoreResult.TokenRequired, shard.Put(Key, Value(Alice, 1, 3, 2 * Life), new PutTerms(kind) { Scope = scope }));
    }

    /// <summary>Not even within the bound of all such changes, which it could use up with values of its own.</summary>
    [Theory]
    [InlineData(PutKind.Publication, 2, Life, false)]
    [InlineData(PutKind.WithLife, 2, Life, false)]
    [InlineData(PutKind.WithLife, 1, Life / 3, false)]
    [InlineData(PutKind.Copy, 2, 2 * Life, false)]
    [InlineData(PutKind.Copy, 2, 2 * Life, true)]
    public void What_a_source_wrote_with_a_token_it_does_not_change_without(PutKind kind, int length, int life, bool isProven)
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        shard.Put(Key, Value(Alice.WithProof(true), 1, 0, Life, isAuthored: true));

        Assert.Equal(
            StoreResult.NotOwner,
            shard.Put(Key, Value(Alice.WithProof(isProven), length, 1, life), new PutTerms(kind) { Scope = PutScope.Unauthored }));
    }

    // An author's own source has no part in the bound of changes without a token.
    private static StoreResult Refusal(StoredValue held, StoredValue offered) =>
        held is { IsAuthored: true, Source.IsProven: true } && held.Source.Address == offered.Source ? StoreResult.NotOwner : StoreResult.TokenRequired;

    private static bool IsOwnOrTrusted(StoredValue held, StoredValue offered) =>
        offered.Source.IsTrusted || offered.Source == held.Source || (offered.Source.IsProven && offered.Source.Address == held.Source);

    private static StoreDecision Decide(StoredValue held, StoredValue offered, PutTerms terms)
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        shard.Restore(Key, held);
        return shard.Decide(Key, offered, terms);
    }

    private static void AssertSame(StoreDecision one, StoreDecision other) =>
        Assert.Equal((one.Result, one.Held, one.NeedsWrite, one.IsChange, one.IsReturn), (other.Result, other.Held, other.NeedsWrite, other.IsChange, other.IsReturn));

    private static StoredValue Value(SourceNetwork source, int length, int secondsLater, int life, bool isAuthored = false)
    {
        var now = Start.AddSeconds(secondsLater);
        return new(DhtValue.FromBytes(new byte[length]), now, now.AddSeconds(life), source) { IsAuthored = isAuthored };
    }
}
