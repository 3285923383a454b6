using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

/// <summary>Signed items of two owners with six salts each, and three sequence numbers, of which one has a long value.</summary>
internal static class OwnedItems
{
    public const int Keys = 12;

    private const int Numbers = 3;

    private static readonly CheckedItem[] All = [.. Enumerable.Range(0, Keys * Numbers).Select(i => SignedItems.Check(SignedItems.Sign(
        i % Numbers,
        i % Numbers == 1 ? $"60:{new string('x', 60)}" : "i0e",
        $"{i / Numbers / 2}",
        i / Numbers % 2 == 0 ? SignedItems.Owner : SignedItems.Stranger)))];

    private static readonly DhtValue[] Values = [.. All.Select(item => item.Item.ToValue())];

    public static NodeId KeyOf(int key) => All[key * Numbers].Item.Key;

    public static DhtValue ValueOf(int key, int number) => Values[(key * Numbers) + (number % Numbers)];

    public static PutTerms TermsOf(int key, int number) => new(PutKind.Publication) { Item = All[(key * Numbers) + (number % Numbers)] };

    /// <summary>What counts against each owner's quota, of values that are held: those of strangers.</summary>
    public static Dictionary<ItemOwner, (int Keys, long Bytes)> Count(IEnumerable<StoredValue> values) => values
        .Where(value => StoreShare.Of(value) is { IsProtected: false })
        .GroupBy(value => ItemOwner.Of(value.Value))
        .Where(owner => owner.Key is not null)
        .ToDictionary(owner => owner.Key!, owner => (owner.Count(), owner.Sum(value => (long)value.Footprint)));

    /// <summary>The accounts have these counts, and no other owner's.</summary>
    public static void AssertCounted(StoreAccounts accounts, IEnumerable<StoredValue> values)
    {
        var expected = Count(values);
        Assert.Equal(expected, expected.Keys.ToDictionary(
            owner => owner, owner => accounts.OwnerOf(owner.Code) is var counted ? (counted.Keys, counted.Bytes) : default));
        Assert.Equal(expected.Values.Sum(static counted => counted.Keys), accounts.OwnedKeys);
    }
}
