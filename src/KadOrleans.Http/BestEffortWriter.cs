using System.Text;

namespace KadOrleans.Http;

/// <summary>A log, or what a server says when it starts. That it cannot be written, as on a full disk, must not end the server.</summary>
internal sealed class BestEffortWriter(TextWriter inner) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Write([value], 0, 1);

    public override void Write(string? value) => Write(value?.ToCharArray() ?? [], 0, value?.Length ?? 0);

    // In one piece: lines of several processes must not mix.
    public override void WriteLine(string? value) => Write(value + NewLine);

    public override void Write(char[] buffer, int index, int count)
    {
        try
        {
            inner.Write(buffer, index, count);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Closed, full, or its reader has gone.
        }
    }
}
