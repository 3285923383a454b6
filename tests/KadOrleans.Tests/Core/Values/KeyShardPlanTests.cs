namespace KadOrleans.Tests.Core;

public class KeyShardPlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly StoreQuota Small = KeyShardTests.Small with { ReservePercent = 0 };

    [Fact]
    public void Plans_that_are_applied_do_what_puts_one_after_another_do() => Randomized.ForSteps(300, 200, steps =>
    {
        var (shard, model) = (new KeyShard(Small, new ValuesElsewhere()), new KeyShard(Small));
        var plan = new KeyShardPlan(shard);
        foreach (var batch in steps.Chunk(5))
        {
            foreach (var step in batch)
            {
                var (key, value) = Put(step);
                if (step % 8 == 0)
                {
                    plan.Set(key, null);
                    model.Remove(key);
                }
                else
                {
                    Assert.Equal(model.Put(key, value), plan.Put(key, value, PutKind.Publication, out _).Result);
                }
            }

            plan.Apply();
            shard.AddTurnover(plan.Turnover);
            plan.Clear();
            AssertSame(model, shard);
            Assert.Equal(model.Turnover, shard.Turnover);
        }
    });

    [Fact]
    public void Until_a_plan_is_applied_the_shard_shows_what_was_before_and_an_abandoned_one_leaves_it() => Randomized.ForSteps(300, 100, steps =>
    {
        var (shard, before) = (new KeyShard(Small), new KeyShard(Small));
        foreach (var step in steps.Take(20))
        {
            var (key, value) = Put(step);
            shard.Put(key, value);
            before.Put(key, value);
        }

        var plan = new KeyShardPlan(shard);
        foreach (var batch in steps.Skip(20).Chunk(7))
        {
            foreach (var step in batch)
            {
                var (key, value) = Put(step);
                plan.Put(key, value, PutKind.Publication, out _);
            }

            AssertSame(before, shard);
            plan.Abandon();
            plan.Clear();
            AssertSame(before, shard);
        }
    });

    [Fact]
    public void Only_what_is_not_stored_yet_is_written_and_each_key_once()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var (held, other) = (NodeId.FromKey("held"), NodeId.FromKey("other"));
        shard.Put(held, Value(1, 10));
        var plan = new KeyShardPlan(shard);

        plan.Put(held, Value(1, 10), PutKind.Publication, out var isHeldAtStake);
        plan.Put(other, Value(1, 10), PutKind.Publication, out var isOtherAtStake);
        plan.Put(other, Value(1, 20), PutKind.Publication, out _);

        Assert.Equal((false, true), (isHeldAtStake, isOtherAtStake));
        Assert.Equal([KeyValuePair.Create<NodeId, StoredValue?>(other, Value(1, 20))], plan.Writes);
    }

    private static (NodeId Key, StoredValue Value) Put(int step) =>
        (NodeId.FromKey($"{step / 8 % 20}"), Value(step / 160 % 6, step / 960 % 60));

    private static StoredValue Value(int source, int length) => new(
        DhtValue.FromBytes(new byte[length]),
        Now,
        Now.AddHours(1),
        source == 0 ? SourceNetwork.Trusted : SourceNetwork.Of(UdpEndpoint.Parse($"203.0.{source / 2}.{source}:1")));

    private static void AssertSame(KeyShard expected, KeyShard shard)
    {
        Assert.Equal(expected.Values.OrderBy(pair => pair.Key), shard.Values.OrderBy(pair => pair.Key));
        Assert.Equal((expected.Count, expected.Bytes), (shard.Count, shard.Bytes));
    }

    /// <summary>Values that memory does not have.</summary>
    private sealed class ValuesElsewhere : IShardValues
    {
        private readonly Dictionary<NodeId, StoredValue> _values = [];

        public StoredValue? Read(in HeldKey key) => _values[key.Key];

        public StoredValue? Peek(in HeldKey key) => null;

        public void Hold(in HeldKey key, StoredValue value) => _values[key.Key] = value;

        public void Forget(in HeldKey key) => Assert.True(_values.Remove(key.Key));
    }
}
