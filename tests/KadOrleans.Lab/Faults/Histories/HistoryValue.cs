using System.Text;
using KadOrleans.Core.Items;

namespace KadOrleans.Lab;

/// <summary>What is written under keys: the number as text, or an item with it.</summary>
internal static class HistoryValue
{
    public static DhtValue Of(int value) => DhtValue.FromString(value.ToString(CultureInfo.InvariantCulture));

    public static int Read(DhtValue value) => int.Parse(value.AsString(), NumberStyles.None, CultureInfo.InvariantCulture);

    public static Item ItemOf(HistoryKey key, HistoryCall call) => SignedItems.Sign(call.Seq, $"i{call.Value}e", key.Name);

    public static CallEnd ReadItem(DhtValue value) => ItemEnvelope.TryRead(value.AsBytes(), out var item, out _)
        ? new CallEnd(OperationOutcome.Done, int.Parse(Encoding.ASCII.GetString(item.Value.Span)[1..^1], CultureInfo.InvariantCulture), item.Seq)
        : throw new InvalidOperationException("A value that is no item was found under an item's key.");
}
