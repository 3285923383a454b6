using System.Globalization;
using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Curves;

/// <summary>A curve's numbers as CSV.</summary>
internal static class CurveFiles
{
    /// <summary>Writes a line for each second and kind.</summary>
    public static async Task WriteCsvAsync(string file, SecondCounts counts)
    {
        await using var output = new StreamWriter(file);
        await output.WriteLineAsync("second,kind,sent,answered,answered with value,soon,soon with value,known,known soon");
        for (var second = 0; second < counts.Seconds; second++)
        {
            foreach (var kind in CallKinds.All)
            {
                var of = counts.Of(second, kind);
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{second},{CallKinds.NameOf(kind)},{of.Sent},{of.Answered},{of.WithValue},{of.Soon},{of.SoonWithValue},{of.Known},{of.KnownSoon}"));
            }
        }
    }
}
