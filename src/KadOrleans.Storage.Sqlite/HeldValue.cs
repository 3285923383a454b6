using KadOrleans.Core.Values;

namespace KadOrleans.Storage.Sqlite;

/// <summary>A value and where in the file it is.</summary>
/// <param name="Value">The value.</param>
/// <param name="Place">Slot of the segment that has its record.</param>
internal readonly record struct HeldValue(StoredValue Value, int Place);
