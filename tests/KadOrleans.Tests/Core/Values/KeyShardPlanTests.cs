namespace KadOrleans.Tests.Core;

public class KeyShardPlanTests
{
    private static readonly StoreQuota Small = KeyShardTests.Small with { ReservePercent = 0 };

    [Fact]
    public void Plans_do_at_once_what_puts_one_after_another_do_or_nothing() => Randomized.ForSteps(300, 200, steps =>
    {
        var (shard, model) = (new KeyShard(Small, new ValuesElsewhere()), new KeyShard(Small));
        var plan = new KeyShardPlan(shard);
        foreach (var (i, batch) in steps.Chunk(6).Index())
        {
            var results = batch.Select(step => Plan(plan, step)).ToList();
            AssertSame(model, shard);

            // An abandoned plan leaves the values, and another order in which they are evicted: so those come last.
            if (i < 20)
            {
                plan.Apply();
                shard.AddTurnover(plan.Turnover);
                Assert.Equal(batch.Select(step => Change(model, step)), results);
            }
            else
            {
                plan.Abandon();
            }

            plan.Clear();
            AssertSame(model, shard);
            Assert.Equal(model.Turnover, shard.Turnover);
            Assert.Equal((shard.Count, shard.Bytes), (shard.Accounts.Keys, shard.Accounts.Bytes));
            OwnedItems.AssertCounted(shard.Accounts, shard.Values);
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

    private static StoreResult? Plan(KeyShardPlan plan, int step)
    {
        if (step % 8 > 0)
        {
            return plan.Put(KeyOf(step), ValueOf(step), TermsOf(step), out _).Result;
        }

        plan.Set(KeyOf(step), null);
        return null;
    }

    private static StoreResult? Change(KeyShard shard, int step)
    {
        if (step % 8 > 0)
        {
            return shard.Put(KeyOf(step), ValueOf(step), TermsOf(step));
        }

        shard.Remove(KeyOf(step));
        return null;
    }

    // The last of twenty keys are of items.
    private static int? ItemOf(int step) => (step / 8 % 20) - (20 - OwnedItems.Keys) is >= 0 and var item ? item : null;

    private static NodeId KeyOf(int step) => ItemOf(step) is { } item ? OwnedItems.KeyOf(item) : NodeId.FromKey($"{step / 8 % 20}");

    private static PutTerms TermsOf(int step) => ItemOf(step) is { } item ? OwnedItems.TermsOf(item, step / 960 % 60) : PutKind.Publication;

    private static StoredValue ValueOf(int step)
    {
        var value = Value(step / 160 % 6, step / 960 % 60);
        return ItemOf(step) is { } item ? value with { Value = OwnedItems.ValueOf(item, step / 960 % 60) } : value;
    }

    private static StoredValue Value(int source, int length) => KeyShardTests.Value(source, length, Samples.Now, 3_600);

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
