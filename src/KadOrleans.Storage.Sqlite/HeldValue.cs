using KadOrleans.Core.Values;

namespace KadOrleans.Storage.Sqlite;

/// <summary>A value and where in the file it is.</summary>
/// <param name="Value">The value.</param>
/// <param name="Place">Slot of the segment that has its record.</param>
/// <param name="Slot">Where the accounts count the key as the batch under way leaves it; <see cref="Leaving"/> if that removes it.</param>
internal readonly record struct HeldValue(StoredValue Value, int Place, int Slot)
{
    /// <summary>The slot of a key that the batch under way removes.</summary>
    public const int Leaving = -2;

    /// <summary>The value as the accounts know it.</summary>
    public CountedValue Counted => new(Value, Slot);
}
