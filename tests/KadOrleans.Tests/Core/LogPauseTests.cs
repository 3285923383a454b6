namespace KadOrleans.Tests.Core;

public sealed class LogPauseTests
{
    [Fact]
    public void A_line_is_written_at_most_once_a_minute()
    {
        var pause = new LogPause();
        var start = TimeSpan.FromDays(3);

        Assert.True(pause.TryLog(start));
        Assert.False(pause.TryLog(start));
        Assert.False(pause.TryLog(start + LogPause.Length - TimeSpan.FromTicks(1)));
        Assert.True(pause.TryLog(start + LogPause.Length));
        Assert.False(pause.TryLog(start + LogPause.Length));
    }
}
