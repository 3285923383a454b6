namespace KadOrleans.Testing.Vectors;

/// <summary>One object and the bytes the reference writes for it.</summary>
public sealed record RecordedEncoding(RecordedPayload Value, byte[] Bytes);
