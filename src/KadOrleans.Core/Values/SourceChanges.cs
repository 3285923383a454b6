using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>How many live values a source replaced that others had stored.</summary>
/// <param name="Source">Who replaced them.</param>
/// <param name="Changed">How many. Where more sources did so than are remembered, it may be too high, never too low.</param>
public readonly record struct SourceChanges(SourceNetwork Source, long Changed);
