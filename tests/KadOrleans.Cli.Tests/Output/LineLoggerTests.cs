using KadOrleans.Cli.Logging;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Tests.Output;

public sealed class LineLoggerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_is_one_line_whatever_is_in_it(bool verbose)
    {
        using var output = new StringWriter();
        using var loggers = LineLoggerProvider.CreateFactory(output, verbose);

        loggers.CreateLogger("KadOrleans.Node").Log(
            LogLevel.Warning, default, "a\u001b[2J\nb", new InvalidOperationException("c\u202e\nd"), (state, _) => state);

        var lines = output.ToString().TrimEnd().Split(Environment.NewLine);
        Assert.EndsWith("Z warning a␛[2J␊b: c<U+202E>␊d", lines[0], StringComparison.Ordinal);
        Assert.Equal(verbose, lines.Length > 1);
        Assert.DoesNotContain('\u202e', output.ToString());
    }
}
