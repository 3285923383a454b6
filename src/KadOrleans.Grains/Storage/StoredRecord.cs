namespace KadOrleans.Grains.Storage;

/// <summary>A record as storage has it.</summary>
/// <param name="Content">What it holds; null if it was never written.</param>
/// <param name="ETag">What the next write must name.</param>
internal readonly record struct StoredRecord<T>(T? Content, string? ETag)
    where T : class;
