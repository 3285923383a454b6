using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

public sealed class ResultPrinterTests
{
    private static readonly string[] Row = [new('a', 40), "[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "160"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_cell_is_cut_short_however_narrow_the_terminal_is(bool terminal)
    {
        using var output = new MemoryStream();
        using var io = new CommandIo(() => Stream.Null, output, TextWriter.Null) { IsOutputTerminal = terminal };
        new ResultPrinter(io, json: false).Table(["Id", "Address", "Shared bits"], [Row]);

        var text = Encoding.UTF8.GetString(output.ToArray());
        Assert.All(Row, cell => Assert.Contains(cell, text, StringComparison.Ordinal));
    }
}
