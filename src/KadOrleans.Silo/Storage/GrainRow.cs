namespace KadOrleans.Silo.Storage;

/// <summary>What a row holds.</summary>
/// <param name="ETag">Drawn at random by each write; null if there is no row.</param>
/// <param name="Payload">The serialized state; null if there is none.</param>
internal readonly record struct GrainRow(long? ETag, byte[]? Payload);
