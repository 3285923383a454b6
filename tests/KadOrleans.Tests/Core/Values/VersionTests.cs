namespace KadOrleans.Tests.Core;

/// <summary>Versions of writes, and what is remembered of calls that may be repeated.</summary>
public sealed class VersionTests
{
    private static readonly DateTimeOffset Start = Samples.Now;

    [Fact]
    public void When_a_value_was_set_stays_when_it_is_sent_again()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = Samples.Key(1);
        Put(Start);
        Put(Start.AddHours(1));

        var held = KeySummary.Of(key, shard.Read(key)!);
        Assert.Equal((DateTimeOffset?)Start, held.SetAt);
        Assert.Equal(Start.AddHours(1), held.StoredAt);
        Assert.Null(KeySummary.Of(key, new StoredValue("old", Start, Start, default)).SetAt);
        Assert.Null(KeySummary.Of(key, new StoredValue("wrong", Start, Start, default) { Version = long.MaxValue }).SetAt);

        void Put(DateTimeOffset now) => Assert.Equal(
            StoreResult.Stored,
            shard.Put(key, new StoredValue("value", now, now.AddDays(1), SourceNetwork.Trusted), new PutTerms(PutKind.Publication)));
    }

    /// <summary>Against a list of the highest version of each key: whatever is put, renewed, removed or restored, and whatever the clock does.</summary>
    [Fact]
    public void A_version_only_rises_and_what_renews_a_value_keeps_it() => Randomized.ForSeeds(200, random =>
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var highest = new Dictionary<NodeId, long>();
        var now = Start;
        for (var step = 0; step < 60; step++)
        {
            // Up to an hour ahead or back.
            now += TimeSpan.FromSeconds(random.Next(7_200) - 3_600);
            var key = Samples.Key(random.Next(4));
            if (random.Next(5) == 0)
            {
                shard.Remove(key);
                continue;
            }

            var before = shard.Read(key);
            var brought = random.Next(4) == 0 ? highest.GetValueOrDefault(key) + random.Next(3) - 1 : 0;
            var offered = new StoredValue(DhtValue.FromInteger(random.Next(2)), now, now + TimeSpan.FromDays(1 + random.Next(2)), SourceNetwork.Trusted)
            {
                IsAuthored = true,
                Version = Math.Max(0, brought),
            };
            var terms = new PutTerms((PutKind)random.Next(4)) { IsWrite = random.Next(2) == 0 };
            if (shard.Put(key, offered, terms) != StoreResult.Stored)
            {
                Assert.Equal(before?.Version, shard.Read(key)?.Version);
                continue;
            }

            var version = shard.Read(key)!.Version;
            var isKept = before is not null && before.Value == offered.Value && !before.IsExpired(now) && !terms.IsWrite && offered.Version <= before.Version;
            var isRestored = offered.Version > (before?.Version ?? 0);
            Assert.True(
                isKept ? version == before!.Version : isRestored ? version == offered.Version : version > highest.GetValueOrDefault(key),
                $"{terms.Kind}: {version} after {highest.GetValueOrDefault(key)}");
            highest[key] = Math.Max(highest.GetValueOrDefault(key), version);
        }
    });

    [Fact]
    public void What_brings_a_version_from_more_than_a_day_ahead_gets_another()
    {
        var versions = new VersionClock();
        var ahead = VersionClock.TimeOf(Start + VersionClock.Lead);
        Assert.Equal(ahead, versions.Choose(ahead, 1, Start));
        Assert.Equal(ahead + 1, versions.Choose(ahead + 2, ahead, Start));
        Assert.Equal(ahead + 2, versions.Choose(long.MaxValue, ahead + 1, Start));
    }

    /// <summary>After a clock that was two days ahead a node's own versions are taken still.</summary>
    [Fact]
    public void What_was_given_here_is_taken_however_far_ahead_it_is()
    {
        var versions = new VersionClock();
        var given = versions.Next(Start.AddDays(2));
        given = versions.Next(Start);
        Assert.Equal(given, versions.Choose(given, given - 1, Start));
    }

    [Fact]
    public void A_condition_names_one_write_and_not_a_value()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = Samples.Key(1);
        Assert.Equal(StoreResult.Stored, shard.Put(key, Value(1), Write(0)));
        var first = shard.Read(key)!.Version;
        Assert.Equal(StoreResult.Stored, shard.Put(key, Value(1), Write(first)));
        Assert.Equal(StoreResult.Superseded, shard.Put(key, Value(1), Write(first)));
        Assert.Equal(StoreResult.Superseded, shard.Put(key, Value(2), Write(0)));

        // Also over what is published, lives longer, or is the same for seconds more.
        var publication = Value(2) with { PublishedAt = Start };
        Assert.Equal(StoreResult.Stored, shard.Put(key, publication, Write(shard.Read(key)!.Version)));
        var shorter = Value(3) with { ExpiresAt = Start.AddMinutes(1) };
        var terms = Write(shard.Read(key)!.Version, PutKind.WithLife);
        Assert.Equal(StoreResult.Stored, shard.Put(key, shorter, terms));
        Assert.Equal(shorter, shard.Read(key));
        Assert.Equal(StoreResult.Stored, shard.Put(key, shorter with { PublishedAt = Start }, Write(shard.Read(key)!.Version)));
        var ending = shorter with { ExpiresAt = Start.AddSeconds(50) };
        Assert.Equal(StoreResult.Stored, shard.Put(key, ending, Write(shard.Read(key)!.Version, PutKind.WithLife)));
        Assert.Equal((null, ending.ExpiresAt), (shard.Read(key)!.PublishedAt, shard.Read(key)!.ExpiresAt));
        var longer = shorter with { ExpiresAt = shorter.ExpiresAt.AddSeconds(1) };
        Assert.Equal(StoreResult.Stored, shard.Put(key, longer, Write(shard.Read(key)!.Version, PutKind.WithLife)));
        Assert.Equal(longer.ExpiresAt, shard.Read(key)!.ExpiresAt);
    }

    /// <summary>Against all writes that there were: a call that was done is never said not to be, and one that was not done never to be.</summary>
    [Fact]
    public void A_repeated_call_is_never_told_what_is_not_so() => Randomized.ForSeeds(50, random =>
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = Samples.Key(1);
        var done = new Dictionary<long, long>();
        var calls = new List<(long Id, long Expected)>();
        var now = Start;
        for (var step = 0; step < 800; step++)
        {
            now += TimeSpan.FromSeconds(random.Next(3));
            var held = shard.Read(key)?.Version ?? 0;
            var (id, expected) = calls.Count > 0 && random.Next(2) == 0
                ? calls[random.Next(calls.Count)]
                : (Id: calls.Count + 1L, Expected: random.Next(5) == 0 && held > 1 ? held - 1 : held);
            calls.Add((id, expected));
            var isRepeat = calls.Count(call => call.Id == id) > 1;
            var result = shard.Put(key, Value(random.Next(2)) with { StoredAt = now }, Write(expected) with { CallId = id, IsRepeat = isRepeat });
            var version = shard.Read(key)?.Version ?? 0;
            if (result == StoreResult.Stored && !done.ContainsKey(id))
            {
                Assert.Equal(held, expected);
                done[id] = version;
            }
            else
            {
                Assert.Equal(held, version);
                Assert.True(result == StoreResult.Stored ? done.ContainsKey(id) : result == StoreResult.Unknown ? isRepeat : !done.ContainsKey(id), $"{result}");
            }
        }

        Assert.InRange(done.Count, 10, 800);
    });

    private static StoredValue Value(int number) =>
        new(DhtValue.FromInteger(number), Start, Start.AddDays(1), SourceNetwork.Trusted) { IsAuthored = true };

    private static PutTerms Write(long expected, PutKind kind = PutKind.Publication) =>
        new(kind) { IsWrite = true, Condition = PutCondition.HasVersion(expected) };
}
