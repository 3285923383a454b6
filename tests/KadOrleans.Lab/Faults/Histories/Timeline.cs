using System.Text;

namespace KadOrleans.Lab;

/// <summary>Operations as lines of text, each with a bar for its time.</summary>
internal static class Timeline
{
    private const int Width = 50;

    public static string Write(IReadOnlyList<Operation> operations)
    {
        var scale = TimeScale.Of(operations, Width);
        var names = operations.Max(one => NameOf(one).Length);
        var words = operations.Max(one => one.ToString().Length);
        var text = new StringBuilder();
        foreach (var one in operations)
        {
            var (begin, end) = ((int)scale.Place(one.Begin), (int)scale.Place(one.End ?? scale.Last));
            var bar = new string(' ', begin) + "|" + new string('-', Math.Max(0, end - begin - 1)) + (one.End is null ? ">" : "|");
            text.Append(CultureInfo.InvariantCulture, $"{NameOf(one).PadRight(names)}  {one.ToString().PadRight(words)}  {bar.PadRight(Width + 2)}  ");
            text.Append(CultureInfo.InvariantCulture, $"{one.Begin.TotalSeconds:F3} to {(one.End is { } known ? $"{known.TotalSeconds:F3}" : "?")} s");
            text.AppendLine(one.Staleness > TimeSpan.Zero ? $", up to {one.Staleness.TotalSeconds:F0} s old" : string.Empty);
        }

        return text.ToString();
    }

    public static string NameOf(Operation one) => $"client {one.Client}{(one.Way.Length > 0 ? $" ({one.Way})" : string.Empty)}";
}

/// <summary>Where times are on a line of some length.</summary>
internal readonly record struct TimeScale(TimeSpan First, TimeSpan Last, double Width)
{
    public static TimeScale Of(IReadOnlyList<Operation> operations, double width) =>
        new(operations.Min(one => one.Begin), operations.Max(one => one.End ?? one.Begin), width);

    public double Place(TimeSpan time) => Last == First ? 0 : Width * (time - First).Ticks / (Last - First).Ticks;
}
