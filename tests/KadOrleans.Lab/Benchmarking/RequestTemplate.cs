using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>A request of one kind, ready but for its ids.</summary>
/// <param name="kind">What it asks.</param>
/// <param name="bytes">The datagram with the marks in it, at most <see cref="MaxLength"/> bytes.</param>
/// <param name="isExpected">Whether an answer, the whole datagram, is what was asked for: a value that is found, a STORE that is taken.</param>
internal sealed class RequestTemplate(RequestKind kind, byte[] bytes, Func<ReadOnlySpan<byte>, bool> isExpected)
{
    /// <summary>No template is longer.</summary>
    public const int MaxLength = 256;

    /// <summary>Bytes of the values that are stored.</summary>
    public const int ValueLength = 64;

    /// <summary>Stands where the message id goes.</summary>
    public static byte[] IdMark { get; } = NodeId.FromKey("message").ToByteArray();

    /// <summary>Stands where the sender's id goes.</summary>
    public static NodeId SenderMark { get; } = NodeId.FromKey("sender");

    /// <summary>Stands where the key or target goes.</summary>
    public static NodeId KeyMark { get; } = NodeId.FromKey("key");

    /// <summary>Stands where the value goes.</summary>
    public static byte[] ValueMark { get; } = [.. Enumerable.Repeat((byte)0x5A, ValueLength)];

    public RequestKind Kind => kind;

    public byte[] Bytes => bytes;

    /// <summary>Where the message id is.</summary>
    public int IdAt { get; } = bytes.AsSpan().IndexOf(IdMark);

    /// <summary>Where the sender's id is.</summary>
    public int SenderAt { get; } = bytes.AsSpan().IndexOf(SenderMark.ToByteArray());

    /// <summary>Where the key or target is; -1 where there is none.</summary>
    public int KeyAt { get; } = bytes.AsSpan().IndexOf(KeyMark.ToByteArray());

    /// <summary>Where the value is; -1 where there is none.</summary>
    public int ValueAt { get; } = bytes.AsSpan().IndexOf(ValueMark);

    public bool IsExpected(ReadOnlySpan<byte> answer) => isExpected(answer);
}
