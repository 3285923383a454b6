namespace KadOrleans.Silo.Storage;

/// <summary>Reads one row.</summary>
internal sealed class GrainRead(GrainRowKey key) : ResultOperation<GrainRow>
{
    public override bool IsWrite => false;

    public override void Run(GrainStatements statements) => Result = statements.Read(key);
}
