namespace KadOrleans.Core.Items;

/// <summary>
/// Which of a key's items readers take, all of them the same. It differs from what stores keep (<see cref="ItemRule"/>) where an owner has signed one
/// number twice: a store keeps the first, and a reader takes the lower of the values.
/// </summary>
internal sealed class ItemOrder : IComparer<CheckedItem?>
{
    private ItemOrder()
    {
    }

    /// <summary>The newest is the greatest. What is no item comes before all, and an item without an owner before those with one.</summary>
    public static ItemOrder Newest { get; } = new();

    /// <inheritdoc/>
    public int Compare(CheckedItem? x, CheckedItem? y)
    {
        if (x is null || y is null)
        {
            return (x is null ? 0 : 1) - (y is null ? 0 : 1);
        }

        var (one, other) = (x.Item, y.Item);
        var byOwner = one.IsMutable.CompareTo(other.IsMutable);
        var bySeq = one.Seq.CompareTo(other.Seq);
        var byValue = other.Value.Span.SequenceCompareTo(one.Value.Span);
        return byOwner != 0 ? byOwner
            : bySeq != 0 ? bySeq
            : byValue != 0 ? byValue
            : other.Envelope.Span.SequenceCompareTo(one.Envelope.Span);
    }
}
