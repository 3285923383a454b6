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

    /// <summary>The accounts have what is held of strangers' items by their owners, near and far ones apart, and no other owner's.</summary>
    public static void AssertCounted(StoreAccounts accounts, IEnumerable<KeyValuePair<NodeId, StoredValue>> values)
    {
        var expected = values
            .Where(held => StoreShare.Of(held.Value) is { IsProtected: false } && ItemOwner.Of(held.Value.Value) is not null)
            .GroupBy(held => (Owner: ItemOwner.Of(held.Value.Value)!, IsFar: held.Value.IsFar || !accounts.Area.Contains(held.Key)))
            .ToDictionary(owner => owner.Key, owner => (Keys: owner.Count(), Bytes: owner.Sum(held => (long)held.Value.Footprint)));
        Assert.Equal(expected, expected.Keys.ToDictionary(
            of => of, of => accounts.OwnerOf(of.Owner.Code, of.IsFar) is var counted ? (counted.Keys, counted.Bytes) : default));
        Assert.Equal(expected.Values.Sum(static counted => counted.Keys), accounts.OwnedKeys);
    }
}
