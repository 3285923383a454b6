using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace KadOrleans.Cli;

/// <summary>Reads the lines of a text as bytes, as a reader of text would put U+FFFD for each byte that is not UTF-8.</summary>
internal static class Utf8Lines
{
    /// <summary>
    /// Each line with its number, from 1, without its end: LF or CRLF. Of one that is longer than <paramref name="most"/> bytes only the
    /// beginning is given, a byte more than those, and nothing after it.
    /// </summary>
    public static async IAsyncEnumerable<(int Number, byte[] Line)> ReadAsync(
        PipeReader input, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var (number, isOver) = (1, false); !isOver;)
        {
            var read = await input.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            while (TryTake(ref rest, read.IsCompleted) is { } line)
            {
                yield return (number++, line);
            }

            isOver = read.IsCompleted;
            if (rest.Length > most)
            {
                yield return (number, rest.Slice(0, most + 1).ToArray());
                isOver = true;
            }

            input.AdvanceTo(rest.Start, rest.End);
        }
    }

    private static byte[]? TryTake(ref ReadOnlySequence<byte> rest, bool isLast)
    {
        if (rest.PositionOf((byte)'\n') is not { } end)
        {
            var last = isLast && !rest.IsEmpty ? rest.ToArray() : null;
            rest = last is null ? rest : rest.Slice(rest.End);
            return last;
        }

        var line = rest.Slice(0, end);
        rest = rest.Slice(rest.GetPosition(1, end));
        return line.ToArray() is [.. var text, (byte)'\r'] ? text : line.ToArray();
    }
}
